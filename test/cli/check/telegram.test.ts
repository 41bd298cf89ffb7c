import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { checkTelegram } from "../../../src/cli/check/telegram.ts";
import { BotApi } from "../../../src/telegram/bot-api.ts";

const NOTHING = { deleteWebhook: false, webhook: false, dropPending: false } as const;

/** The findings for a bot with this webhook. */
async function found(info: object, options = {}) {
  const api = {
    getMe: async () => ({ username: "bot" }) as never,
    call: async () => info as never,
  };
  const findings = await checkTelegram({ api, ...NOTHING, ...options });
  assert.equal(findings[0]!.text, "belongs to @bot");
  return findings.slice(1).map(({ is, text }) => `${is}: ${text}`);
}

test("the check makes two calls and does not ask for updates", async () => {
  await using simulator = await Simulator.start();
  const api = new BotApi({ token: simulator.token, apiUrl: simulator.url });
  const findings = await checkTelegram({ api, ...NOTHING });
  await api.close();
  assert.deepEqual(
    findings.map(({ is, point }) => `${is} ${point}`),
    ["ok token", "ok webhook"],
  );
  assert.deepEqual(
    simulator.calls.map(({ method }) => method),
    ["getMe", "getWebhookInfo"],
  );
});

test("a token unknown to Telegram is a problem", async () => {
  await using simulator = await Simulator.start();
  const api = new BotApi({ token: "1:wrong", apiUrl: simulator.url });
  const [finding] = await checkTelegram({ api, ...NOTHING });
  await api.close();
  assert.match(finding!.text, /^Telegram does not accept the bot token \(401 Unauthorized\): .*@BotFather/);
  assert.equal((finding!.error as Error & { code: string }).code, "ASGIGRAM_TOKEN_REJECTED");
});

test("a server that cannot be reached leaves the token unchecked", async () => {
  const api = new BotApi({ token: "1:x", apiUrl: "http://127.0.0.1:1" });
  const [finding] = await checkTelegram({ api, ...NOTHING });
  await api.close();
  assert.match(finding!.text, /^cannot be checked: getMe: ECONNREFUSED .*--api-url/);
  assert.equal((finding!.error as Error & { code: string }).code, "ASGIGRAM_NETWORK");
});

test("a webhook is a problem with the remedy, and only the host of its URL is shown", async () => {
  const info = { url: "https://example.com/secret", last_error_date: 1_700_000_000, last_error_message: "timed out" };
  const [webhook] = await found(info);
  assert.match(webhook!, /^problem: set to example\.com, .*last failure on 2023-11-14T.*timed out.*--delete-webhook/);
  assert.doesNotMatch(webhook!, /secret/);
});

test("a webhook that --webhook will replace is no problem", async () => {
  const options = { webhook: "https://bot.example.com" };
  assert.match((await found({ url: "https://example.com/" }, options))[0]!, /^ok: .*--webhook replaces it/);
});

test("a webhook that will be deleted is no problem", async () => {
  assert.match((await found({ url: "https://example.com/" }, { deleteWebhook: true }))[0]!, /^ok: .*deletes it/);
});

test("waiting updates are counted, with a warning if they will be dropped", async () => {
  const info = { url: "", pending_update_count: 3 };
  assert.deepEqual(await found(info), ["ok: none", "ok: 3 updates wait at Telegram"]);
  const [, dropped] = await found({ ...info, pending_update_count: 1 }, { dropPending: true });
  assert.equal(dropped, "warning: 1 update waits at Telegram; --drop-pending drops them at the start");
});
