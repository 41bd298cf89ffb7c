/** The inspector over HTTP: what it shows of any bot, and of a server that tells its steps. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import type { BotServer, ServerState, Step } from "../../../simulator/inspector/bot-server.ts";
import type { CallRow, UpdateRow } from "../../../simulator/inspector/rows.ts";
import { eventually } from "../../eventually.ts";
import { callerOf } from "../caller.ts";
import { ServerEvents } from "./server-events.ts";

interface Rows {
  updates: UpdateRow[];
  calls: CallRow[];
}

/** The page's view: the latest version of each row. */
async function inspect(simulator: Simulator) {
  const events = await ServerEvents.open(`${simulator.url}/simulator/inspector`);
  const rows = () => events.of<Rows>("rows");
  const update = (id: number) =>
    rows()
      .flatMap(({ updates }) => updates)
      .findLast(({ update_id }) => update_id === id);
  const calls = () => [
    ...new Map(rows().flatMap(({ calls }) => calls.map((call) => [call.id, call] as const))).values(),
  ];
  return { events, update, calls };
}

/** A server that tells the steps that the test gives it. */
class ScriptedServer implements BotServer {
  state: ServerState = { phase: "serving", pid: 1, starts: 1, isApart: true };
  readonly listeners = new Set<(step: Step) => void>();
  readonly observers = new Set<(state: ServerState) => void>();
  readonly asked: string[] = [];

  observe(listener: (state: ServerState) => void): () => void {
    this.observers.add(listener);
    return () => this.observers.delete(listener);
  }

  watch(listener: (step: Step) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async killWorker(worker: number): Promise<void> {
    if (worker > 1) throw new Error(`there is no worker ${worker}`);
    this.asked.push(`worker ${worker}`);
  }

  async killServer(): Promise<void> {
    this.asked.push("server");
  }

  async reload(): Promise<void> {
    this.asked.push("reload");
  }

  tell(...steps: Step[]): void {
    for (const step of steps) for (const listener of this.listeners) listener(step);
  }

  turn(state: ServerState): void {
    this.state = state;
    for (const observer of this.observers) observer(state);
  }
}

test("an update is shown when it waits, when getUpdates takes it, and when an offset confirms it", async () => {
  await using simulator = await Simulator.start({ firstUpdateId: 10 });
  const { events, update } = await inspect(simulator);
  await using _ = events;
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const waiting = await events.finds(() => update(10));
  assert.deepEqual(
    [waiting.kind, waiting.chat_id, waiting.text, waiting.takes, waiting.taken],
    ["message", ann.id, "hello", 0, undefined],
  );
  const call = callerOf(simulator);
  await call("getUpdates", {});
  await call("getUpdates", {});
  const taken = await events.finds(() => update(10)?.takes === 2 && update(10));
  assert.deepEqual([taken.by, taken.confirmed, typeof taken.taken], ["getUpdates", undefined, "number"]);
  await call("getUpdates", { offset: 11 });
  await events.finds(() => update(10)?.confirmed);
});

test("calls are shown with their answers and the messages that they made, those before the page included; polls are not", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  const call = callerOf(simulator);
  const { result } = await call("sendMessage", { chat_id: ann.id, text: "before" });
  const { events, calls } = await inspect(simulator);
  await using _ = events;
  await simulator.fail("sendMessage", { error_code: 403, times: 1 });
  await call("getUpdates", {});
  await call("sendMessage", { chat_id: ann.id, text: "after" });
  const [before, after, ...rest] = await events.finds(() => calls()[1]?.status !== undefined && calls());
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [before?.text, before?.status, before?.messages],
    ["before", 200, [`${ann.id}:${result.message_id}`]],
  );
  assert.deepEqual(
    [after?.status, after?.error, after?.isFault],
    [403, "Forbidden: bot was blocked by the user", true],
  );
  const details = await simulator.perform("inspect", { call: before!.id });
  assert.deepEqual(details.call?.parameters, { chat_id: ann.id, text: "before" });
  assert.deepEqual(await simulator.perform("inspect", { update_id: 1 }), {});
});

test("a server's steps join the update and its calls, those that were tried again included", async () => {
  await using simulator = await Simulator.start({ firstUpdateId: 10 });
  const server = new ScriptedServer();
  simulator.attach(server);
  assert.equal(server.listeners.size, 0);
  const { events, update, calls } = await inspect(simulator);
  assert.equal(server.listeners.size, 1);
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const place = { update_id: 10, seq: 3, scope: `chat:${ann.id}` };
  server.tell(
    { type: "received", ...place },
    { type: "posted", ...place, worker: 1, attempt: 2, wait: 40 },
    { type: "dead-letter", update_id: 10, cause: "failed" },
    { type: "settled", update_id: 10, worker: 1, attempt: 2, outcome: "failed", error: "Error: no", duration: 9 },
  );
  await simulator.fail("sendMessage", { error_code: 429, times: 2 });
  const call = callerOf(simulator);
  for (let n = 0; n < 4; n++) await call("sendMessage", { chat_id: ann.id, text: `${n}` });
  server.tell({
    type: "call",
    method: "sendMessage",
    lane: `${ann.id}`,
    seq: 3,
    worker: 1,
    outcome: "ok",
    duration: 70,
  });
  const settled = await events.finds(() => update(10)?.outcome !== undefined && update(10));
  const { line, worker, attempt, waited, worked, outcome, error, cause } = settled;
  assert.deepEqual(
    { line, worker, attempt, waited, worked, outcome, error, cause },
    {
      line: `chat:${ann.id}`,
      worker: 1,
      attempt: 2,
      waited: 40,
      worked: 9,
      outcome: "failed",
      error: "Error: no",
      cause: "failed",
    },
  );
  const made = await events.finds(() => calls().some(({ whole }) => whole === 70) && calls());
  assert.deepEqual(
    made.map(({ status, attempt, update_id }) => [status, attempt, update_id]),
    [
      [429, 1, 10],
      [429, 2, 10],
      [200, 3, 10],
      [200, undefined, undefined],
    ],
  );
  await events[Symbol.asyncDispose]();
  await eventually(() => server.listeners.size === 0);
});

test("the page kills and reloads the server, and sees its state", async () => {
  await using simulator = await Simulator.start();
  await assert.rejects(simulator.perform("killServer", {}), /the simulator does not run this bot/);
  const server = new ScriptedServer();
  simulator.attach(server);
  const { events } = await inspect(simulator);
  await using _ = events;
  await simulator.perform("killWorker", { worker: 1 });
  await simulator.perform("killServer", {});
  await simulator.perform("reload", {});
  await assert.rejects(simulator.perform("killWorker", { worker: 2 }), /there is no worker 2/);
  assert.deepEqual(server.asked, ["worker 1", "server", "reload"]);
  server.turn({ phase: "ended", pid: 1, starts: 1, exitCode: 3, isApart: true });
  const ended = await events.finds(() => events.of<ServerState>("server").find(({ phase }) => phase === "ended"));
  assert.equal(ended.exitCode, 3);
});

test("faults are shown while they hit calls", async () => {
  await using simulator = await Simulator.start();
  const { events } = await inspect(simulator);
  await using _ = events;
  const faults = () => events.of<{ id: number; hits: number }[]>("faults");
  await simulator.fail("getMe", { error_code: 500, times: 2 });
  await events.finds(() => faults().some((all) => all[0]?.hits === 0));
  await callerOf(simulator)("getMe");
  await events.finds(() => faults().some((all) => all[0]?.hits === 1));
  await callerOf(simulator)("getMe");
  await events.finds(() => faults().at(-1)?.length === 0 && faults().length > 1);
  assert.deepEqual(await simulator.perform("faults", {}), []);
});
