import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errors } from "undici";
import {
  ConfigError,
  ConflictError,
  NetworkError,
  type ResponseParameters,
  TelegramError,
  TokenRejectedError,
} from "../../src/protocol/errors.ts";
import { DOWNLOAD } from "../../src/protocol/method-names.ts";
import { METHODS } from "../../src/protocol/method-table.ts";
import type { Call } from "../../src/protocol/port.ts";
import { ConnectError, ProxyRefusesUserError } from "../../src/telegram/connect-error.ts";
import {
  CONFLICT_PATIENCE,
  conflictKind,
  deliveryOf,
  judgeCall,
  judgePoll,
  judgeStart,
  judgeWebhook,
  reasonOf,
} from "../../src/telegram/retry.ts";

const TOO_MANY = "Too Many Requests: retry after 7";
const WEBHOOK =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

function refusal(error_code: number, description: string, parameters: ResponseParameters = {}): TelegramError {
  return new TelegramError("method", error_code, description, parameters);
}

function noAnswer(delivery: "none" | "unknown"): NetworkError {
  return new NetworkError("method", delivery, "ECONNRESET");
}

/** A verdict in a word. */
function word(verdict: { action: string; after?: number; error?: Error }): string {
  if (verdict.action === "again") return `again in ${verdict.after} ms`;
  return verdict.error === undefined ? verdict.action : `${verdict.action}: ${verdict.error.name}`;
}

const callOf = (method: string): Call => ({ method, lane: undefined, body: "{}" });

describe("a call of which only the newest is made", () => {
  const edit: Call = { ...callOf("editMessageText"), coalesce: "key" };

  test("an edit that changes nothing succeeds, with the answer true", () => {
    const error = refusal(400, "Bad Request: message is not modified: specified new message content is the same");
    assert.deepEqual(judgeCall(error, edit, 1), { action: "accept", answer: '{"ok":true,"result":true}' });
  });

  test("an edit that is refused for another reason fails", () => {
    assert.deepEqual(judgeCall(refusal(400, "Bad Request: message to edit not found"), edit, 1), { action: "reject" });
  });
});

describe("a call", () => {
  const rows: [what: string, error: Error, method: string, verdict: string][] = [
    ["bad request", refusal(400, "Bad Request: message text is empty"), "sendMessage", "reject"],
    ["bad request", refusal(400, "Bad Request: message is not modified"), "editMessageText", "reject"],
    ["token revoked", refusal(401, "Unauthorized"), "sendMessage", "reject"],
    ["blocked by the user", refusal(403, "Forbidden: bot was blocked by the user"), "sendMessage", "reject"],
    ["no such method", refusal(404, "Not Found"), "sendMesage", "reject"],
    ["conflict", refusal(409, "Conflict"), "sendMessage", "reject"],
    ["too large", refusal(413, "Request Entity Too Large"), "sendPhoto", "reject"],
    ["served elsewhere", refusal(421, "Misdirected Request"), "sendMessage", "reject"],
    ["too many", refusal(429, TOO_MANY, { retry_after: 7 }), "sendMessage", "again in 7000 ms"],
    ["too many", refusal(429, TOO_MANY, { retry_after: 7 }), "getChat", "again in 7000 ms"],
    ["too many, for 0 s", refusal(429, TOO_MANY, { retry_after: 0 }), "sendMessage", "again in 1000 ms"],
    [
      "too many, for longer than a timer can",
      refusal(429, "?", { retry_after: 1e9 }),
      "sendMessage",
      "again in 2147483647 ms",
    ],
    ["too many, for how long is not said", refusal(429, "Too Many Requests"), "sendMessage", "again in 1000 ms"],
    ["fault of the server", refusal(500, "Internal Server Error"), "sendMessage", "reject"],
    ["bad gateway", refusal(502, "Bad Gateway"), "copyMessage", "reject"],
    ["no answer", noAnswer("unknown"), "sendMessage", "reject"],
    ["no answer", noAnswer("unknown"), "forwardMessages", "reject"],
    ["no answer", noAnswer("unknown"), "createChatInviteLink", "reject"],
    ["no answer", noAnswer("unknown"), "refundStarPayment", "reject"],
    ["something else", new TypeError("not ours"), "getChat", "reject"],
  ];
  for (const [what, error, method, verdict] of rows) {
    test(`a call meets ${what} (${error instanceof TelegramError ? error.error_code : error.name}), ${method}: ${verdict}`, () => {
      for (const attempt of [1, 2, 100]) assert.equal(word(judgeCall(error, callOf(method), attempt)), verdict);
    });
  }

  test("a call to a group that has become a supergroup goes to that one, but not on from one to the next for ever", () => {
    const moved = refusal(400, "group chat was upgraded to a supergroup chat", { migrate_to_chat_id: -1001 });
    assert.deepEqual(judgeCall(moved, callOf("sendMessage"), 1), { action: "redirect", chat_id: -1001 });
    assert.deepEqual(judgeCall(moved, callOf("sendMessage"), 5), { action: "reject" });
  });

  test("a call that never left this machine is made again, twenty times, with any method", () => {
    let total = 0;
    for (let attempt = 1; attempt < 20; attempt++) {
      const verdict = judgeCall(noAnswer("none"), callOf("sendMessage"), attempt);
      assert.ok(verdict.action === "again" && verdict.after <= 20_000, word(verdict));
      total += verdict.after;
    }
    assert.ok(total > 3 * 60_000 && total < 5 * 60_000, `about four minutes, not ${total} ms`);
    assert.deepEqual(judgeCall(noAnswer("none"), callOf("sendMessage"), 20), { action: "reject" });
  });

  test("a repeatable call is made again, five times, after a failure at the other end", () => {
    const repeatable = ["getChat", "setMyCommands", "editMessageText", "deleteMessage", "answerCallbackQuery"];
    for (const method of repeatable) {
      for (const error of [
        noAnswer("unknown"),
        refusal(500, "Internal Server Error"),
        refusal(504, "Gateway Timeout"),
      ]) {
        for (let attempt = 1; attempt < 5; attempt++) {
          const verdict = judgeCall(error, callOf(method), attempt);
          assert.ok(verdict.action === "again" && verdict.after <= 5000, `${method}, ${attempt}: ${word(verdict)}`);
        }
        assert.deepEqual(judgeCall(error, callOf(method), 5), { action: "reject" });
      }
    }
  });
});

test("of all methods, those are repeated that docs/guarantee.md names, and downloads", () => {
  const prefixes = ["get", "set", "edit", "delete", "answer"];
  const repeated = [...Object.keys(METHODS), DOWNLOAD].filter(
    (method) => judgeCall(noAnswer("unknown"), callOf(method), 1).action === "again",
  );
  const expected = Object.keys(METHODS).filter((method) => prefixes.some((prefix) => method.startsWith(prefix)));
  assert.deepEqual(repeated, [...expected, DOWNLOAD]);
});

describe("a poll", () => {
  const first = { failures: 1, conflictFor: 0 };

  const rows: [what: string, error: Error, verdict: string][] = [
    ["token wrong", refusal(401, "Unauthorized"), "stop: TokenRejectedError"],
    ["token malformed", refusal(404, "Not Found"), "stop: TokenRejectedError"],
    ["logged out", refusal(400, "Logged out"), "stop: TokenRejectedError"],
    ["served elsewhere", refusal(421, "Misdirected Request"), "stop: TokenRejectedError"],
    ["too many", refusal(429, TOO_MANY, { retry_after: 7 }), "again in 7000 ms"],
  ];
  for (const [what, error, verdict] of rows) {
    test(`a poll meets ${what} (${(error as TelegramError).error_code}): ${verdict}`, () => {
      assert.equal(word(judgePoll(error, first)), verdict);
      assert.equal(word(judgePoll(error, { failures: 100, conflictFor: 0 })), verdict);
    });
  }

  test("a poll that fails in any other way is made again, after a second at most, for ever", () => {
    const others = [refusal(400, "?"), refusal(403, "?"), refusal(500, "?"), refusal(502, "?"), new Error("?")];
    for (const error of [...others, noAnswer("none"), noAnswer("unknown")]) {
      for (const failures of [1, 2, 10, 1000]) {
        const verdict = judgePoll(error, { failures, conflictFor: 0 });
        assert.ok(verdict.action === "again" && verdict.after <= 1000 && verdict.after >= 80, word(verdict));
      }
    }
  });

  test("a poll that meets a conflict is made again, within 1.2 s, for a minute", () => {
    for (const [failures, conflictFor] of [
      [1, 0],
      [5, 20_000],
      [20, 59_999],
    ] as const) {
      const verdict = judgePoll(refusal(409, POLLER), { failures, conflictFor });
      assert.ok(verdict.action === "again" && verdict.after >= 600 && verdict.after <= 1200, word(verdict));
    }
  });

  test("a poll that meets a conflict after a minute ends the server, with an error that names the conflict", () => {
    const remedies = { webhook: [WEBHOOK, /--delete-webhook/], poller: [POLLER, /another process polls/] } as const;
    for (const [kind, [description, remedy]] of Object.entries(remedies)) {
      const verdict = judgePoll(refusal(409, description), { failures: 20, conflictFor: 60_000 });
      assert.ok(verdict.action === "stop" && verdict.error instanceof ConflictError);
      assert.equal(verdict.error.kind, kind);
      assert.match(verdict.error.message, remedy);
      assert.equal((verdict.error.cause as TelegramError).description, description);
    }
  });

  test("the two conflicts are told apart by their text", () => {
    assert.equal(conflictKind(refusal(409, WEBHOOK)), "webhook");
    assert.equal(conflictKind(refusal(409, POLLER)), "poller");
    assert.equal(conflictKind(refusal(409, "Conflict")), "poller");
  });
});

describe("a call of the start", () => {
  for (const [code, description, remedy] of [
    [401, "Unauthorized", /BotFather/],
    [404, "Not Found", /BotFather/],
    [421, "Misdirected Request: unallowed token specified", /--filter/],
    [400, "Logged out", /moved to.*Ten minutes/],
    [400, "Bad Request: Logged out", /moved to/],
  ] as const) {
    test(`a start ends if the token is not accepted (${code} ${description}), with a remedy`, () => {
      const verdict = judgeStart(refusal(code, description), 1);
      assert.ok(verdict.action === "stop" && verdict.error instanceof TokenRejectedError);
      assert.ok(verdict.error.message.includes(`(${code} ${description})`));
      assert.match(verdict.error.message, remedy);
      assert.match(verdict.error.message, /--api-url/);
    });
  }

  test("a start waits as long as a 429 says", () => {
    assert.equal(word(judgeStart(refusal(429, TOO_MANY, { retry_after: 7 }), 1)), "again in 7000 ms");
  });

  test("a start ends if a proxy refuses its user; a later call is made again", () => {
    const cause = new ProxyRefusesUserError("the proxy 10.0.0.1:3128 wants a user and a password (407)");
    const error = new NetworkError("getMe", "none", cause.message, { cause });
    const verdict = judgeStart(error, 1);
    assert.ok(verdict.action === "stop" && verdict.error instanceof ConfigError);
    assert.equal(verdict.error.message, cause.message);
    assert.equal(judgePoll(error, { failures: 1, conflictFor: 0 }).action, "again");
    assert.equal(judgeCall(error, callOf("sendMessage"), 1).action, "again");
  });

  test("a start that meets a webhook is retried for a minute", () => {
    const error = refusal(409, "Conflict: can't use getUpdates method while webhook is active");
    assert.equal(judgeStart(error, 30, CONFLICT_PATIENCE - 1).action, "again");
    const verdict = judgeStart(error, 31, CONFLICT_PATIENCE);
    assert.ok(verdict.action === "stop" && verdict.error instanceof ConflictError);
    assert.match(verdict.error.message, /--delete-webhook/);
  });

  test("a start is retried for as long as Telegram cannot be reached", () => {
    for (const error of [noAnswer("none"), noAnswer("unknown"), refusal(500, "?"), refusal(502, "?")]) {
      for (const attempt of [1, 10, 1000]) {
        const verdict = judgeStart(error, attempt);
        assert.ok(verdict.action === "again" && verdict.after <= 1200 && verdict.after >= 80, word(verdict));
      }
    }
  });
});

test("a webhook that Telegram refuses is final, unless its host was not found; other failures are those of a start", () => {
  const verdict = judgeWebhook(refusal(400, "Bad Request: bad webhook: IP address 10.0.0.1 is reserved"), 1);
  assert.ok(verdict.action === "stop" && verdict.error instanceof ConfigError);
  assert.match(verdict.error.message, /^Telegram refuses the webhook: Bad Request: bad webhook: IP address/);
  const passing = [
    refusal(400, "Bad Request: bad webhook: Failed to resolve host"),
    refusal(500, "?"),
    noAnswer("none"),
  ];
  for (const error of passing) assert.equal(judgeWebhook(error, 1).action, "again");
  assert.equal(word(judgeWebhook(refusal(429, TOO_MANY, { retry_after: 7 }), 1)), "again in 7000 ms");
  for (const error of [refusal(401, "Unauthorized"), refusal(400, "Logged out")]) {
    assert.equal(word(judgeWebhook(error, 1)), "stop: TokenRejectedError");
  }
});

describe("the client's errors", () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  const remedy = "(NODE_EXTRA_CA_CERTS adds a CA of your own)";

  const rows: [error: unknown, delivery: string, reason: string][] = [
    [new ConnectError("the proxy h:1 cannot be reached"), "none", "the proxy h:1 cannot be reached"],
    [new ProxyRefusesUserError("the proxy h:1 wants a user"), "none", "the proxy h:1 wants a user"],
    [withCode("ECONNREFUSED"), "unknown", "ECONNREFUSED"],
    [withCode("ECONNRESET"), "unknown", "ECONNRESET"],
    [withCode("CERT_HAS_EXPIRED"), "unknown", "CERT_HAS_EXPIRED"],
    [withCode("SELF_SIGNED_CERT_IN_CHAIN"), "unknown", `SELF_SIGNED_CERT_IN_CHAIN ${remedy}`],
    [withCode("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "unknown", `UNABLE_TO_VERIFY_LEAF_SIGNATURE ${remedy}`],
    [Object.assign(new AggregateError([]), { code: "ENETUNREACH" }), "unknown", "ENETUNREACH"],
    [new AggregateError([]), "unknown", "no answer"],
    [new errors.SocketError("other side closed"), "unknown", "UND_ERR_SOCKET"],
    [new errors.HeadersTimeoutError(), "unknown", "UND_ERR_HEADERS_TIMEOUT"],
    [new errors.BodyTimeoutError(), "unknown", "UND_ERR_BODY_TIMEOUT"],
    [new errors.RequestAbortedError(), "unknown", "UND_ERR_ABORTED"],
    [new errors.ClientDestroyedError(), "unknown", "UND_ERR_DESTROYED"],
    [new DOMException("aborted", "AbortError"), "unknown", "no answer in time"],
    [new DOMException("too late", "TimeoutError"), "unknown", "no answer in time"],
    [Object.assign(new Error("aborted"), { name: "AbortError", code: "ABORT_ERR" }), "unknown", "no answer in time"],
    [new Error("?"), "unknown", "no answer"],
    [undefined, "unknown", "no answer"],
    [null, "unknown", "no answer"],
    ["?", "unknown", "no answer"],
  ];
  for (const [error, delivery, reason] of rows) {
    test(`${error instanceof Error ? error.name : typeof error} is read as ${reason}: ${delivery}`, () => {
      assert.equal(deliveryOf(error), delivery);
      assert.equal(reasonOf(error), reason);
    });
  }
});
