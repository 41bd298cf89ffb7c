import assert from "node:assert/strict";
import { test } from "node:test";
import { webhookSecretsOf } from "../../src/telegram/webhook-secrets.ts";

const TOKEN = "123456:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcS";

test("the secrets of a webhook are the same after a restart, differ from bot to bot, and hold nothing of the token", () => {
  const { segment, secret } = webhookSecretsOf(TOKEN);
  assert.deepEqual(webhookSecretsOf(TOKEN), { segment, secret });
  assert.notEqual(segment, secret);
  const other = webhookSecretsOf(TOKEN.replace("123456", "123457"));
  assert.notEqual(other.segment, segment);
  assert.notEqual(other.secret, secret);
  // https://core.telegram.org/bots/api#setwebhook: 1 to 256 of these characters.
  for (const one of [segment, secret]) assert.match(one, /^[\w-]{43}$/);
});
