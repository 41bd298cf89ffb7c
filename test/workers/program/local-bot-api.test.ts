import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { suite, test } from "node:test";
import { FileError, TelegramError } from "../../../src/protocol/errors.ts";
import { LocalCalls, OTHER_TOKEN, TOKEN } from "./local-calls.ts";

const own = (method: string) => ({ token: TOKEN, method });

suite("the Bot API of a program", () => {
  test("its own token, and a stand-in with its id, are admitted", () => {
    const { api } = new LocalCalls();
    assert.deepEqual(
      [TOKEN, "77:x", OTHER_TOKEN, "7:x"].map((token) => api.admits({ token, method: "sendMessage" })),
      [true, true, false, false],
    );
  });

  test("methods about the bot and its updates make no call, in any case of letters", async () => {
    const calls = new LocalCalls();
    const result = async (method: string) => {
      const answer = await calls.api.request(own(method), {});
      return answer.ok ? answer.result : `${answer.error_code} ${answer.description}`;
    };
    assert.deepEqual(await result("GETME"), { id: 77, username: "own_bot" });
    assert.deepEqual(await result("getUpdates"), []);
    assert.equal(await result("deletewebhook"), true);
    assert.equal(((await result("getWebhookInfo")) as { url: string }).url, "");
    assert.equal(await result("logout"), "400 Bad Request: asgigram serves this bot, so it cannot logout");
    assert.deepEqual([calls.seen.length, calls.launches], [0, 0]);
  });

  test("a poll that waits is the launch", async () => {
    const calls = new LocalCalls();
    const { signal } = new AbortController();
    void calls.api.request(own("getUpdates"), { timeout: "30" }, signal);
    assert.equal(calls.launches, 1);
  });

  test("polls with one signal leave no listeners at it", async () => {
    const { api } = new LocalCalls();
    const { signal } = new AbortController();
    for (let i = 0; i < 2; i++) await api.request(own("getUpdates"), { timeout: "0.001" }, signal);
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });

  test("a file that is too large is refused as Telegram does", async () => {
    const calls = new LocalCalls();
    calls.answer = ({ method }) => {
      throw new FileError(method, "document", "it is more than 50 MB");
    };
    const description = "Request Entity Too Large: it is more than 50 MB";
    assert.deepEqual(await calls.api.request(own("sendDocument"), {}), { ok: false, error_code: 413, description });
    const refusal = { ok: false, error_code: 400, description: "Bad Request: it is more than 50 MB" };
    assert.deepEqual(await calls.api.download({ token: TOKEN, path: "a" }), refusal);
  });

  test("another bot's start may be refused and makes no call then, and its other requests go their way", async () => {
    const calls = new LocalCalls();
    calls.refuses = true;
    const links = [
      ...["getMe", "GETUPDATES", "setWebhook", "deleteWebhook", "sendMessage"].map((method) => ({ method })),
      { path: "a" },
    ];
    assert.deepEqual(
      links.map((link) => calls.api.admits({ token: OTHER_TOKEN, ...link })),
      [true, true, true, true, false, false],
    );
    const refusal = { ok: false, error_code: 401, description: "Unauthorized" };
    assert.deepEqual(await calls.api.request({ token: OTHER_TOKEN, method: "getMe" }, {}), refusal);
    assert.equal(calls.seen.length, 0);
  });

  test("a limit of Telegram is an answer with its time", async () => {
    const calls = new LocalCalls();
    calls.answer = ({ method }) => {
      throw new TelegramError(method, 429, "Too Many Requests: retry after 3", { retry_after: 3 });
    };
    assert.deepEqual(await calls.api.request(own("sendMessage"), {}), {
      ok: false,
      error_code: 429,
      description: "Too Many Requests: retry after 3",
      parameters: { retry_after: 3 },
    });
  });
});
