import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatEvent, Simulator } from "../../simulator/index.ts";
import { callerOf } from "./caller.ts";

test("the simulator listens on the loopback only, on the given port", async () => {
  await using first = await Simulator.start();
  assert.match(first.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const { port } = new URL(first.url);
  await assert.rejects(Simulator.start({ port: Number(port) }), { code: "EADDRINUSE" });
});

test("close() ends waiting calls", async () => {
  const simulator = await Simulator.start();
  const waiting = assert.rejects(callerOf(simulator)("getUpdates", { timeout: 50 }));
  await callerOf(simulator)("getMe");
  await simulator.close();
  await waiting;
});

test("the history and the call log are bounded, and the log can be off", async () => {
  await using simulator = await Simulator.start({ historyPerChat: 10, callLog: 10 });
  const ann = await simulator.user("ann");
  await ann.sendText("hi");
  const call = callerOf(simulator);
  for (let n = 0; n < 50; n++) await call("sendMessage", { chat_id: ann.id, text: String(n) });
  assert.deepEqual((await ann.chat.messages()).map(({ text }) => text).slice(-2), ["48", "49"]);
  assert.equal((await ann.chat.messages()).length, 10);
  assert.ok(simulator.calls.length >= 10 && simulator.calls.length <= 20);
  assert.deepEqual(simulator.calls.at(-1)?.parameters, { chat_id: ann.id, text: "49" });
  assert.ok((await simulator.perform("events", { chat_id: ann.id })).length <= 20);

  await using silent = await Simulator.start({ callLog: 0 });
  await callerOf(silent)("getMe");
  assert.deepEqual(silent.calls, []);
});

test("every event can be observed, in-process and as server-sent events", async () => {
  await using simulator = await Simulator.start();
  const seen: ChatEvent[] = [];
  simulator.observe((event) => seen.push(event));
  const hangUp = new AbortController();
  const stream = await fetch(`${simulator.url}/simulator/stream`, { signal: hangUp.signal });
  const ann = await simulator.user("ann");
  await ann.sendText("hi");
  await callerOf(simulator)("sendMessage", { chat_id: ann.id, text: "hello" });
  assert.deepEqual(
    seen.map(({ type, by }) => `${type} ${by}`),
    ["message user", "message bot"],
  );
  let text = "";
  for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('"hello"')) break;
  }
  assert.match(text, /event: message\ndata: \{"seq":1/);
  hangUp.abort();
});

test("every call can be observed, also one that is refused, and with the log off", async () => {
  await using simulator = await Simulator.start({ callLog: 0 });
  const seen: string[] = [];
  const stop = simulator.observeCalls(({ method, parameters }) => seen.push(`${method} ${parameters.chat_id}`));
  const refused = await callerOf(simulator)("sendMessage", { chat_id: 404, text: "hello" });
  assert.deepEqual(refused, { ok: false, error_code: 400, description: "Bad Request: chat not found" });
  stop();
  await callerOf(simulator)("getMe");
  assert.deepEqual(seen, ["sendMessage 404"]);
});

test("update ids start at a given id and can be set again", async () => {
  await using simulator = await Simulator.start({ firstUpdateId: 7 });
  assert.equal(await simulator.push({ message: {} }), 7);
  await callerOf(simulator)("getUpdates", { offset: 8 });
  simulator.restartIds(3);
  assert.equal(await simulator.push({ message: {} }), 3);
});

test("an impossible action fails with its reason, also over HTTP", async () => {
  await using simulator = await Simulator.start();
  await assert.rejects(simulator.perform("send", { user_id: 1, content: { text: "x" } }), /there is no user 1/);
  const headers = { "content-type": "application/json" };
  const post = async (path: string, body: string) =>
    (await fetch(`${simulator.url}/simulator/${path}`, { method: "POST", headers, body })).json();
  assert.deepEqual(await post("send", '{"user_id":1,"content":{}}'), { ok: false, error: "there is no user 1" });
  assert.deepEqual(await post("dance", "{}"), { ok: false, error: "there is no action dance" });
});

test("a hundred simulators run in one process, each with its own bot and users", async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => Simulator.start()));
  const texts = await Promise.all(
    all.map(async (simulator, i) => {
      const ann = await simulator.user("ann");
      await ann.sendText("hello");
      await callerOf(simulator)("sendMessage", { chat_id: ann.id, text: `from ${i}` });
      const [message, ...rest] = [await ann.nextMessage(), ...(await ann.chat.messages()).slice(2)];
      return [message.text, rest.length];
    }),
  );
  await Promise.all(all.map((simulator) => simulator.close()));
  assert.deepEqual(
    texts,
    all.map((_, i) => [`from ${i}`, 0]),
  );
});
