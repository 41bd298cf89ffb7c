/** The users' side over HTTP, as tests in other languages use it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { callerOf } from "../caller.ts";

interface Reply {
  ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the result of any action
  result?: any;
  error?: string;
}

const JSON_TYPE = { "content-type": "application/json" };

/** Performs actions in the world of a bot; without a token in the simulator's own. */
function userSide({ url }: Simulator, token?: string) {
  const base = `${url}/simulator${token === undefined ? "" : `/bot${token}`}`;
  return async (action: string, body?: object | string, init: RequestInit = {}) => {
    const text = typeof body === "object" ? JSON.stringify(body) : (body ?? null);
    const response = await fetch(`${base}/${action}`, { method: "POST", headers: JSON_TYPE, body: text, ...init });
    return { status: response.status, ...((await response.json()) as Reply) };
  };
}

const told = ({ status, error }: { status: number; error?: string }) => `${status} ${error}`;

test("a body is JSON, and its header says so", async () => {
  await using simulator = await Simulator.start();
  const perform = userSide(simulator);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
    const { status, error } = await perform("user", { name: "mallory" }, { headers: { "content-type": type } });
    assert.equal(status, 415);
    assert.match(error!, /application\/json/);
  }
  assert.equal((await perform("calls", undefined, { headers: {} })).ok, true);
  assert.equal(
    (await perform("user", { name: "ann" }, { headers: { "content-type": "Application/JSON; charset=utf-8" } })).ok,
    true,
  );
  assert.equal((await perform("user", "{")).status, 400);
});

test("a wrong parameter is refused by its name", async () => {
  await using simulator = await Simulator.start();
  const perform = userSide(simulator);
  const cases: [string, unknown, string][] = [
    ["user", {}, "400 user: name is missing"],
    ["user", { name: 7 }, "400 user: name must be a string"],
    ["user", [], "400 user: parameters are an object"],
    ["user", { name: "ann", nick: "a" }, "400 user: there is no parameter nick, but name, details"],
    ["messages", { chat_id: "7" }, "400 messages: chat_id must be an integer"],
    ["chat", { title: "T", type: "room" }, "400 chat: type must be group, supergroup, channel"],
    [
      "vote",
      { user_id: 1, message_id: 1, options: [0, "x"] },
      "400 vote: options must be an array, each element an integer",
    ],
    ["press", { user_id: 1, button: null }, "400 press: button must be a string or an integer or an object"],
    ["messages", { chat_id: 7 }, "400 there is no chat 7"],
    ["nothing", {}, "404 there is no action nothing"],
    ["user/more", {}, "404 there is no action user/more"],
  ];
  for (const [action, takes, expected] of cases) {
    const refused = await perform(action, takes as object);
    assert.deepEqual([refused.ok, told(refused)], [false, expected]);
  }
  assert.equal(told(await perform("user", undefined, { method: "GET" })), "405 user is an action: use POST");
  const { result: ann } = await perform("user", { name: "ann" });
  for (const name of ["text", "caption"]) {
    assert.equal(
      told(await perform("send", { user_id: ann.id, content: { [name]: 5 } })),
      `400 ${name} must be a string`,
    );
  }
});

test("next waits for the bot's messages one after the other, and fails at its timeout", async () => {
  await using simulator = await Simulator.start();
  const perform = userSide(simulator);
  const call = callerOf(simulator);
  const { result: ann } = await perform("user", { name: "ann" });
  await perform("send", { user_id: ann.id, content: { text: "hi" } });
  const waiting = perform("next", { chat_id: ann.id });
  const typing = perform("next", { chat_id: ann.id, type: "action" });
  await call("sendChatAction", { chat_id: ann.id, action: "typing" });
  await call("sendMessage", { chat_id: ann.id, text: "one" });
  await call("sendMessage", { chat_id: ann.id, text: "two" });
  assert.equal((await waiting).result.message.text, "one");
  assert.equal((await typing).result.action, "typing");
  assert.equal((await perform("next", { chat_id: ann.id })).result.message.text, "two");
  const late = await perform("next", { chat_id: ann.id, timeout: 1 });
  assert.equal(told(late), `400 no message from the bot in chat ${ann.id} within 1 ms`);
});

test("each token has a world of its own, in which bot and users are alone", async () => {
  await using simulator = await Simulator.start({ anyToken: true });
  const tokens = ["1:a", "2:b"] as const;
  const sides = tokens.map((token) => userSide(simulator, token));
  for (const [i, perform] of sides.entries()) {
    const { result: ann } = await perform("user", { name: "ann" });
    assert.equal(ann.id, 7_000_000_001);
    await perform("send", { user_id: ann.id, content: { text: `to ${i}` } });
  }
  for (const [i, token] of tokens.entries()) {
    const { result } = await callerOf({ url: simulator.url, token })("getUpdates");
    assert.deepEqual(
      result.map(({ message }: { message: { text: string } }) => message.text),
      [`to ${i}`],
    );
    assert.equal((await callerOf({ url: simulator.url, token })("getMe")).result.id, i + 1);
  }
  assert.equal(simulator.pending, 0);
  const { result: bots } = await userSide(simulator)("bots", undefined, { method: "GET" });
  assert.deepEqual(
    bots.map(({ token }: { token: string }) => token),
    [simulator.token, ...tokens],
  );
});

test("without anyToken other tokens are refused, also by the users' side", async () => {
  await using simulator = await Simulator.start();
  assert.equal(told(await userSide(simulator, "1:a")("user", { name: "ann" })), "401 Unauthorized");
  assert.equal((await userSide(simulator, simulator.token)("user", { name: "ann" })).ok, true);
});

test("DELETE ends a world: a bot that waits gets no updates, and the next call finds a fresh world", async () => {
  await using simulator = await Simulator.start({ anyToken: true });
  const call = callerOf({ url: simulator.url, token: "1:a" });
  const perform = userSide(simulator, "1:a");
  const { result: ann } = await perform("user", { name: "ann" });
  const poll = call("getUpdates", { timeout: 50 });
  while ((await perform("calls")).result.length === 0);
  assert.equal((await fetch(`${simulator.url}/simulator/bot1:a`, { method: "DELETE" })).status, 200);
  assert.deepEqual(await poll, { ok: true, result: [] });
  assert.equal(told(await perform("messages", { chat_id: ann.id })), `400 there is no chat ${ann.id}`);
  assert.deepEqual((await perform("calls")).result, []);
});

test("the stream has every event from its beginning, and ends with its world", async () => {
  await using simulator = await Simulator.start({ anyToken: true });
  const perform = userSide(simulator, "1:a");
  const response = await fetch(`${simulator.url}/simulator/bot1:a/stream`);
  const { result: ann } = await perform("user", { name: "ann" });
  await perform("send", { user_id: ann.id, content: { text: "line\nbreak" } });
  await fetch(`${simulator.url}/simulator/bot1:a`, { method: "DELETE" });
  const [, event] = (await response.text()).split("\n\n");
  const [id, type, data] = event!.split("\n");
  assert.deepEqual([id, type], ["id: 1", "event: message"]);
  assert.equal(JSON.parse(data!.slice("data: ".length)).message.text, "line\nbreak");
});
