import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as exported from "../../src/protocol/errors.ts";

const { AsgigramError } = exported;

type Maker = (options?: ErrorOptions) => InstanceType<typeof AsgigramError>;

/** A constructor call for each error, with a cause if it can have one. */
const MAKERS: Record<Exclude<keyof typeof exported, "AsgigramError">, Maker> = {
  InvalidEventError: (options) => new exported.InvalidEventError("what is wrong", "text", options),
  DisconnectedError: (options) => new exported.DisconnectedError("what is wrong", options),
  ReceiveError: (options) => new exported.ReceiveError("what is wrong", options),
  TelegramError: () => new exported.TelegramError("sendMessage", 400, "what is wrong"),
  NetworkError: (options) => new exported.NetworkError("sendMessage", "none", "what is wrong", options),
  FileError: (options) => new exported.FileError("sendPhoto", "photo", "what is wrong", options),
  NoDeliveryError: (options) => new exported.NoDeliveryError("what is wrong", options),
  ForeignKeyError: (options) => new exported.ForeignKeyError("what is wrong", options),
  QueueFullError: (options) => new exported.QueueFullError("what is wrong", options),
  JobCrashedError: (options) => new exported.JobCrashedError("what is wrong", options),
  RetryLater: (options) => new exported.RetryLater({ message: "what is wrong", ...options }),
  ConfigError: (options) => new exported.ConfigError("what is wrong", options),
  ApplicationLoadError: (options) => new exported.ApplicationLoadError("what is wrong", options),
  StartupFailedError: (options) => new exported.StartupFailedError("what is wrong", options),
  TokenRejectedError: (options) => new exported.TokenRejectedError("what is wrong", options),
  ConflictError: (options) => new exported.ConflictError("poller", "what is wrong", options),
  InboxError: (options) => new exported.InboxError("what is wrong", options),
  ListenError: (options) => new exported.ListenError("what is wrong", options),
  ThreadStuckError: (options) => new exported.ThreadStuckError("what is wrong", options),
  WorkerError: (options) => new exported.WorkerError("what is wrong", options),
};

/** Applications switch on these codes: a change breaks them. */
const CODES: Record<keyof typeof MAKERS, string> = {
  InvalidEventError: "ASGIGRAM_INVALID_EVENT",
  DisconnectedError: "ASGIGRAM_DISCONNECTED",
  ReceiveError: "ASGIGRAM_RECEIVE",
  TelegramError: "ASGIGRAM_TELEGRAM",
  NetworkError: "ASGIGRAM_NETWORK",
  FileError: "ASGIGRAM_FILE",
  NoDeliveryError: "ASGIGRAM_NO_DELIVERY",
  ForeignKeyError: "ASGIGRAM_FOREIGN_KEY",
  QueueFullError: "ASGIGRAM_QUEUE_FULL",
  JobCrashedError: "ASGIGRAM_JOB_CRASHED",
  RetryLater: "ASGIGRAM_RETRY_LATER",
  ConfigError: "ASGIGRAM_CONFIG",
  ApplicationLoadError: "ASGIGRAM_APPLICATION_LOAD",
  StartupFailedError: "ASGIGRAM_STARTUP_FAILED",
  TokenRejectedError: "ASGIGRAM_TOKEN_REJECTED",
  ConflictError: "ASGIGRAM_CONFLICT",
  InboxError: "ASGIGRAM_INBOX",
  ListenError: "ASGIGRAM_LISTEN",
  ThreadStuckError: "ASGIGRAM_THREAD_STUCK",
  WorkerError: "ASGIGRAM_WORKER",
};

suite("every error", () => {
  for (const [name, make] of Object.entries(MAKERS) as [keyof typeof MAKERS, Maker][]) {
    test(`${name} has its own stable code, its name and its message`, () => {
      const error = make();
      assert.ok(error instanceof AsgigramError);
      assert.ok(error instanceof Error);
      assert.equal(error.code, CODES[name]);
      assert.equal(error.name, name);
      assert.match(error.message, /what is wrong/);
      assert.match(error.stack!, new RegExp(`^${name}|^Error`));
    });

    // A TelegramError comes from Telegram's answer, and has no cause on this machine.
    if (name === "TelegramError") continue;
    test(`${name} keeps its cause`, () => {
      const cause = new Error("the disk is full");
      assert.equal(make({ cause }).cause, cause);
    });
  }

  test("every error is listed here, and no two share a code", () => {
    assert.deepEqual(Object.keys(exported).toSorted(), ["AsgigramError", ...Object.keys(MAKERS)].toSorted());
    assert.equal(new Set(Object.values(CODES)).size, Object.keys(CODES).length);
  });
});

test("an error of another copy of the package is recognised by its code and its name", async () => {
  const url = new URL("../../src/protocol/errors.ts?copy", import.meta.url);
  const copy = (await import(url.href)) as typeof exported;
  const error = new copy.DisconnectedError("gone");
  assert.equal(Object.getPrototypeOf(error) === exported.DisconnectedError.prototype, false);
  assert.ok(error instanceof exported.DisconnectedError);
  assert.ok(error instanceof AsgigramError);
  assert.equal(error instanceof exported.ReceiveError, false);
  assert.equal(new Error("gone") instanceof AsgigramError, false);
});

test("instanceof works for any thrown value", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = {
    get code(): string {
      throw new Error("not me");
    },
  };
  for (const thrown of [undefined, null, "x", 5, Symbol("x"), {}, () => {}, proxy, hostile]) {
    assert.equal(thrown instanceof AsgigramError, false);
    assert.equal(thrown instanceof exported.InvalidEventError, false);
  }
});

test("a TelegramError has the method, the code, the description and Telegram's parameters", () => {
  const error = new exported.TelegramError("sendMessage", 429, "Too Many Requests", { retry_after: 5 });
  assert.equal(error.message, "sendMessage: 429 Too Many Requests");
  assert.deepEqual(error.parameters, { retry_after: 5 });
  assert.deepEqual(new exported.TelegramError("sendMessage", 403, "Forbidden").parameters, {});
});

test("a NetworkError's message says if Telegram may have carried out the call", () => {
  assert.match(new exported.NetworkError("sendMessage", "none", "ENOTFOUND").message, /ENOTFOUND \(it was not sent\)/);
  assert.match(new exported.NetworkError("sendMessage", "unknown", "ECONNRESET").message, /not known whether/);
});

test("an InvalidEventError names the wrong key, if there is one", () => {
  assert.equal(new exported.InvalidEventError("x", "text").key, "text");
  assert.equal(new exported.InvalidEventError("x").key, undefined);
});
