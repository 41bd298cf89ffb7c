import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { type Entity, kindOf, routeOf, type TelegramObject, UPDATE_KINDS } from "../../src/protocol/route.ts";
import { PAYLOADS } from "../protocol/updates.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

test("every kind of update, and an unknown kind, comes to its scope with its keys", async () => {
  await using simulator = await Simulator.start();
  const allowed = [...UPDATE_KINDS, "levitation"].join(",");
  await using bot = await startBotHere("report", simulator, [
    "--no-inbox",
    "--workers",
    "2",
    "--allowed-updates",
    allowed,
  ]);
  // The bot may write to a user who has written to it, and its first poll says which kinds it receives.
  await simulator.push(message(1, "hello"));
  await callsOf(simulator, "sendMessage", 1);
  const updates: Record<string, object> = {
    ...PAYLOADS,
    levitation: { from: { id: 77, is_bot: false, first_name: "Eve" } },
  };
  const ids = await simulator.pushMany(Object.entries(updates).map(([kind, payload]) => ({ [kind]: payload })));
  assert.deepEqual(Object.keys(PAYLOADS).toSorted(), UPDATE_KINDS.toSorted());
  assert.ok(!ids.includes(null));

  const calls = await callsOf(simulator, "sendMessage", 1 + ids.length);
  const reports = new Map(
    calls.map(({ text }) => JSON.parse(text)).map((report) => [report.delivery.update_id, report]),
  );
  for (const [i, [kind, payload]] of Object.entries(updates).entries()) {
    const { type, chat, user, business_connection_id, guest_query_id, delivery, keys } = reports.get(ids[i]);
    const route = routeOf(kindOf({ [kind]: payload })!, payload as TelegramObject, simulator.bot as unknown as Entity);
    assert.equal(type, `telegram.${kind}`);
    assert.deepEqual([chat, user], route.subject === "chat" ? [route.id, undefined] : [undefined, route.id], kind);
    assert.equal(business_connection_id, route.business_connection_id);
    assert.equal(guest_query_id, route.guest_query_id);
    assert.equal(delivery.attempt, 1);
    const own = Object.keys(payload).map((key) => (key === "type" ? "poll_type" : key));
    assert.deepEqual(keys.toSorted(), ["type", ...own].toSorted(), kind);
  }
  assert.equal((await bot.end()).code, 0);
});
