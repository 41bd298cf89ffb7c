import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf } from "../../caller.ts";

test("a managed bot has a token, which is replaced, and settings of access", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const bot = { user_id: 99 };
  const { result: token } = await call("getManagedBotToken", bot);
  assert.match(token, /^99:[\w-]{35}$/);
  assert.equal((await call("getManagedBotToken", bot)).result, token);
  const { result: next } = await call("replaceManagedBotToken", bot);
  assert.notEqual(next, token);
  assert.equal((await call("getManagedBotToken", bot)).result, next);
  await call("setManagedBotAccessSettings", { ...bot, is_access_restricted: true, added_user_ids: [ann.id] });
  const { result: settings } = await call("getManagedBotAccessSettings", bot);
  assert.deepEqual(settings, { is_access_restricted: true, added_users: [ann.user] });
});
