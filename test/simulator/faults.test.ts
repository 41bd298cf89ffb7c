import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { autoRetry } from "@grammyjs/auto-retry";
import { Simulator, SimulatorClient, type SimulatorOptions } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { callerOf, verdict } from "./caller.ts";
import { botFor } from "./grammy-bot.ts";

async function started(options: SimulatorOptions = {}) {
  const simulator = await Simulator.start(options);
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  const call = callerOf(simulator);
  const send = (more: object = {}) => call("sendMessage", { chat_id: ann.id, text: "x", ...more });
  return { simulator, ann, call, send, outcome: async () => verdict(await send()) };
}

test("a method fails as often as is wanted, with Telegram's text for the code, and the log shows it", async () => {
  const { simulator, ann, call, send, outcome } = await started();
  await using _ = simulator;
  const fault = { error_code: 429, retry_after: 3, times: 1 };
  await simulator.fail("sendmessage", fault);
  assert.ok((await call("getMe")).ok);
  const refused = await send();
  assert.equal(verdict(refused), "429 Too Many Requests: retry after 3");
  assert.deepEqual(refused.parameters, { retry_after: 3 });
  assert.equal(await outcome(), "ok");
  const [failed, sent] = await simulator.callsOf("sendMessage");
  assert.deepEqual([failed?.status, failed?.error, failed?.fault], [429, "Too Many Requests: retry after 3", fault]);
  const [message] = (await ann.chat.messages()).slice(-1);
  assert.deepEqual([sent?.status, sent?.result, sent?.error, sent?.fault], [200, message, undefined, undefined]);
});

test("a refusal of the Bot API is in the log, too", async () => {
  const { simulator, send } = await started();
  await using _ = simulator;
  await send({ chat_id: 5 });
  const [refused] = await simulator.callsOf("sendMessage");
  assert.deepEqual([refused?.status, refused?.error], [400, "Bad Request: chat not found"]);
});

test("each kind of error has its text and parameters", async () => {
  const { simulator, send } = await started();
  await using _ = simulator;
  const failing = async (fault: object) => {
    await simulator.fail("*", { ...fault, times: 1 });
    return await send();
  };
  assert.equal(verdict(await failing({ error_code: 403 })), "403 Forbidden: bot was blocked by the user");
  assert.equal(verdict(await failing({ error_code: 502 })), "502 Bad Gateway");
  assert.equal(verdict(await failing({ error_code: 400, description: "Bad Request: no" })), "400 Bad Request: no");
  assert.equal(verdict(await failing({ retry_after: 2 })), "429 Too Many Requests: retry after 2");
  const moved = await failing({ migrate_to_chat_id: -1007 });
  assert.equal(verdict(moved), "400 Bad Request: group chat was upgraded to a supergroup chat");
  assert.deepEqual(moved.parameters, { migrate_to_chat_id: -1007 });
});

test("a fault lasts until it is stopped, and concerns calls with these parameters only", async () => {
  const { simulator, ann, send, outcome } = await started();
  await using _ = simulator;
  const group = await simulator.group("Team");
  const outage = await simulator.fail("sendMessage", { error_code: 500, when: { chat_id: ann.id } });
  for (let i = 0; i < 3; i += 1) assert.equal(await outcome(), "500 Internal Server Error");
  assert.ok((await send({ chat_id: group.id })).ok);
  await outage.stop();
  assert.equal(await outcome(), "ok");
  await simulator.fail("*", { error_code: 500 });
  await simulator.recover();
  assert.equal(await outcome(), "ok");
});

test("a connection breaks off before the call is carried out, or after it", async () => {
  const { simulator, ann, send } = await started();
  await using _ = simulator;
  const count = async () => (await ann.chat.messages()).length;
  const before = await count();
  await simulator.fail("sendMessage", { breaks: "before", times: 1 });
  await assert.rejects(send());
  assert.equal(await count(), before);
  await simulator.fail("sendMessage", { breaks: "after", times: 1 });
  await assert.rejects(send());
  assert.equal(await count(), before + 1);
});

test("a slow call is carried out when its delay is over", async () => {
  const { simulator, outcome } = await started();
  await using _ = simulator;
  await simulator.fail("sendMessage", { delay: 50, times: 1 });
  const begun = performance.now();
  assert.equal(await outcome(), "ok");
  assert.ok(performance.now() - begun >= 49);
});

test("a probability hits the same calls for the same seed", async () => {
  const run = async (seed: number) => {
    const { simulator, outcome } = await started({ seed });
    await using _ = simulator;
    await simulator.fail("sendMessage", { error_code: 500, probability: 0.5 });
    const outcomes: string[] = [];
    for (let i = 0; i < 20; i += 1) outcomes.push(await outcome());
    return outcomes;
  };
  const first = await run(7);
  assert.deepEqual(await run(7), first);
  assert.notDeepEqual(await run(8), first);
  assert.deepEqual(new Set(first), new Set(["ok", "500 Internal Server Error"]));
});

test("faults stand one behind the other, and the intercept is the last", async () => {
  const { simulator, outcome } = await started({
    intercept: async ({ method }, respond) =>
      method === "sendMessage" ? new Response('{"ok":true,"result":"intercepted"}') : await respond(),
  });
  await using _ = simulator;
  await simulator.fail("sendMessage", { error_code: 400, times: 1 });
  await simulator.fail("sendMessage", { error_code: 502, times: 1 });
  assert.deepEqual([await outcome(), await outcome()], ["502 Bad Gateway", "400 Bad Request: chat not found"]);
  assert.equal(await outcome(), "ok");
  assert.equal((await simulator.callsOf("sendMessage")).at(-1)?.status, 200);
});

test("another process makes faults over HTTP", async () => {
  const { simulator, outcome } = await started();
  await using _ = simulator;
  const client = new SimulatorClient(simulator.url);
  const outage = await client.fail("sendMessage", { error_code: 500 });
  assert.equal(await outcome(), "500 Internal Server Error");
  await outage.stop();
  assert.equal(await outcome(), "ok");
});

test("a bot that repeats its calls is stopped: faults end before it", async () => {
  for (const fault of [{ error_code: 500 }, { delay: 600_000 }]) {
    const simulator = await Simulator.start();
    const bot = botFor(simulator);
    bot.api.config.use(autoRetry());
    await simulator.run(bot);
    await simulator.fail("*", fault);
    await simulator.close();
    const last = simulator.calls.at(-1);
    assert.deepEqual([last?.method, last?.status, last?.fault], ["getUpdates", 200, undefined]);
  }
});

test("a delay ends when its caller hangs up, and the call is carried out", async () => {
  const { simulator, ann, call } = await started();
  await using _ = simulator;
  await simulator.fail("sendMessage", { delay: 600_000 });
  const hangUp = new AbortController();
  const held = call("sendMessage", { chat_id: ann.id, text: "late" }, hangUp.signal);
  while (simulator.calls.length === 0) await setImmediate();
  hangUp.abort();
  await assert.rejects(held, /abort/);
  await ann.receives("late");
  assert.equal(simulator.calls[0]?.status, 499);
});

test("a delay does not keep the process after the end of the simulator", async () => {
  const program = `
    import { Simulator } from ${JSON.stringify(new URL("../../simulator/index.ts", import.meta.url).href)};
    const simulator = await Simulator.start();
    await simulator.fail("*", { delay: 600_000 });
    const held = fetch(simulator.url + "/bot" + simulator.token + "/getMe").then(({ status }) => status, () => "broken off");
    while (simulator.calls.length === 0) await new Promise(setImmediate);
    await simulator.close();
    console.log(await held);
  `;
  const child = startChild(process.execPath, ["--input-type=module", "--eval", program]);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.match(output, /^(200|broken off)\n$/);
  assert.equal(code, 0);
});

test("a fault that could hit no call, or do nothing to it, is refused with the reason", async () => {
  await using simulator = await Simulator.start();
  const refusals: [string, object, RegExp][] = [
    ["sendMesage", { error_code: 500 }, /there is no method sendMesage/],
    ["sendMessage", { eror_code: 500 }, /a fault has no eror_code, but error_code, /],
    ["sendMessage", { description: "no", times: 1 }, /does nothing/],
  ];
  for (const side of [simulator, new SimulatorClient(simulator.url)]) {
    for (const [method, fault, message] of refusals) {
      await assert.rejects(side.fail(method, fault), { name: "ActionError", message });
    }
    await side.fail("kickchatmember", { delay: 1 });
  }
});
