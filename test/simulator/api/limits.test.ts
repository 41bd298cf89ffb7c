/** The limits of https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this, on a clock that the test moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../caller.ts";
import { furnished } from "./refusals.ts";

async function limited() {
  let now = Date.UTC(2026, 0, 1);
  const world = await furnished({ limits: true, now: () => now });
  const wait = (seconds: number) => {
    now += seconds * 1000;
  };
  const send = async (chat_id: number, more: object = {}) =>
    await world.call("sendMessage", { chat_id, text: "x", ...more });
  /** The number of messages that a chat takes now. */
  const taken = async (chat_id: number) => {
    for (let count = 0; ; count += 1) if (!(await send(chat_id)).ok) return count;
  };
  return { ...world, wait, send, taken };
}

test("a chat takes a burst of messages, and then one a second", async () => {
  const { simulator, chats, wait, send, taken } = await limited();
  await using _ = simulator;
  assert.equal(await taken(chats.private), 5);
  const refused = await send(chats.private);
  assert.equal(verdict(refused), "429 Too Many Requests: retry after 1");
  assert.deepEqual(refused.parameters, { retry_after: 1 });
  wait(1);
  assert.equal(await taken(chats.private), 1);
  wait(3);
  assert.equal(await taken(chats.private), 3);
  // Another chat is not concerned.
  assert.equal(verdict(await send(chats.channel)), "ok");
});

test("a group takes 20 messages a minute", async () => {
  const { simulator, chats, wait, send, taken } = await limited();
  await using _ = simulator;
  assert.equal(await taken(chats.supergroup), 5);
  for (let second = 1; second <= 15; second += 1) {
    wait(1);
    assert.equal(await taken(chats.supergroup), 1);
  }
  wait(1);
  assert.equal(verdict(await send(chats.supergroup)), "429 Too Many Requests: retry after 44");
  wait(44);
  assert.equal(await taken(chats.supergroup), 5);
  assert.equal(verdict(await send(chats.supergroup)), "429 Too Many Requests: retry after 1");
});

test("the bot sends 30 messages a second, or more for Stars", async () => {
  const { simulator, wait, send } = await limited();
  await using _ = simulator;
  const crowd: number[] = [];
  for (let i = 0; i < 31; i += 1) {
    const person = await simulator.user(`person${i}`);
    await person.sendText("hi");
    crowd.push(person.id);
  }
  const outcomes: string[] = [];
  for (const chat_id of crowd) outcomes.push(verdict(await send(chat_id)));
  assert.deepEqual(outcomes, [...Array(30).fill("ok"), "429 Too Many Requests: retry after 1"]);
  assert.equal(verdict(await send(crowd[30]!, { allow_paid_broadcast: true })), "ok");
  wait(1);
  assert.equal(verdict(await send(crowd[30]!)), "ok");
});

test("an album counts as its messages, and is sent whole or not at all; other calls are not limited", async () => {
  const { simulator, call, chats, taken } = await limited();
  await using _ = simulator;
  const album = (count: number) =>
    call("sendMediaGroup", { chat_id: chats.private, media: Array(count).fill({ type: "photo", media: "x" }) });
  assert.equal(verdict(await album(4)), "ok");
  assert.equal(verdict(await album(2)), "429 Too Many Requests: retry after 1");
  assert.equal(await taken(chats.private), 1);
  for (let i = 0; i < 40; i += 1)
    assert.ok((await call("sendChatAction", { chat_id: chats.private, action: "typing" })).ok);
});

test("without the option there are no limits", async () => {
  const { simulator, call, chats } = await furnished();
  await using _ = simulator;
  for (let i = 0; i < 50; i += 1) assert.ok((await call("sendMessage", { chat_id: chats.supergroup, text: "x" })).ok);
});
