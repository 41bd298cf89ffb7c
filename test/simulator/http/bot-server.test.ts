/** A server that runs the bot, as pages see it: its state, its reports, and the actions on it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import type { BotServer, Report, ServerState } from "../../../simulator/inspector/bot-server.ts";
import type { UpdateTrace } from "../../../simulator/inspector/inspector.ts";
import type { NumberedCall } from "../../../simulator/inspector/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { callerOf } from "../caller.ts";
import { ServerEvents } from "./server-events.ts";

/** A server that reports what the test gives it. */
class ScriptedServer implements BotServer {
  state: ServerState = { phase: "serving", pid: 1, starts: 1, isApart: true };
  readonly listeners = new Set<(report: Report) => void>();
  readonly observers = new Set<(state: ServerState) => void>();
  readonly asked: string[] = [];

  observe(listener: (state: ServerState) => void): () => void {
    this.observers.add(listener);
    return () => this.observers.delete(listener);
  }

  watch(listener: (report: Report) => void): () => void {
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

  report(...reports: Report[]): void {
    for (const report of reports) for (const listener of this.listeners) listener(report);
  }

  turn(state: ServerState): void {
    this.state = state;
    for (const observer of this.observers) observer(state);
  }
}

const live = (simulator: Simulator) => ServerEvents.open(`${simulator.url}/simulator/live`);

test("reports are asked for while a page looks, and join updates and calls", async () => {
  await using simulator = await Simulator.start({ firstUpdateId: 10 });
  const server = new ScriptedServer();
  simulator.attach(server);
  assert.equal(server.listeners.size, 0);
  {
    await using events = await live(simulator);
    assert.equal(server.listeners.size, 1);
    const ann = await simulator.user("ann");
    await ann.sendText("hello");
    server.report({ type: "step", update_id: 10, name: "posted", facts: { worker: 1 } });
    await simulator.fail("sendMessage", { error_code: 429, times: 1 });
    const call = callerOf(simulator);
    for (let n = 0; n < 2; n++) await call("sendMessage", { chat_id: ann.id, text: "hi" });
    const made = {
      method: "sendMessage",
      lane: `${ann.id}`,
      update_id: 10,
      worker: 1,
      outcome: "ok",
      duration: 9,
    } as const;
    server.report({ type: "call", ...made });
    const posted = await events.finds(() =>
      events.of<UpdateTrace>("update").find(({ steps }) => steps.at(-1)?.name === "posted"),
    );
    assert.deepEqual(posted.steps.at(-1)?.facts, { worker: 1 });
    const calls = await events.finds(() => {
      const known = events.of<NumberedCall>("call").filter(({ origin }) => origin !== undefined);
      return known.length === 2 && known;
    });
    assert.deepEqual(
      calls.map(({ status, origin }) => [status, origin]),
      [
        [429, { update_id: 10, worker: 1, attempt: 1 }],
        [200, { update_id: 10, worker: 1, attempt: 2, whole: 9 }],
      ],
    );
  }
  await eventually(
    () => server.listeners.size === 0,
    () => server.listeners.size,
  );
});

test("the page kills and reloads the server, and sees its state", async () => {
  await using simulator = await Simulator.start();
  await assert.rejects(simulator.perform("killServer", {}), /the simulator does not run this bot/);
  await using events = await live(simulator);
  const server = new ScriptedServer();
  simulator.attach(server);
  const states = () => events.of<ServerState>("server");
  await events.finds(() => states().length === 1);
  await simulator.perform("killWorker", { worker: 1 });
  await simulator.perform("killServer", {});
  await simulator.perform("reload", {});
  await assert.rejects(simulator.perform("killWorker", { worker: 2 }), /there is no worker 2/);
  assert.deepEqual(server.asked, ["worker 1", "server", "reload"]);
  server.turn({ phase: "ended", pid: 1, starts: 1, exitCode: 3, isApart: true });
  assert.equal((await events.finds(() => states()[1])).exitCode, 3);
});

test("pages see the faults that still hit calls, and how often they did", async () => {
  await using simulator = await Simulator.start();
  await using events = await live(simulator);
  const call = callerOf(simulator);
  await simulator.fail("getMe", { error_code: 500, times: 2 });
  for (let n = 0; n < 2; n++) await call("getMe");
  const seen = await events.finds(() => {
    const all = events.of<{ hits: number }[]>("faults");
    return all.length === 3 && all;
  });
  assert.deepEqual(
    seen.map((active) => active.map(({ hits }) => hits)),
    [[0], [1], []],
  );
});

test("a flood ends with the last page that looks", async () => {
  await using simulator = await Simulator.start();
  const server = new ScriptedServer();
  simulator.attach(server);
  const { id } = await simulator.user("Flood 1");
  {
    await using events = await live(simulator);
    await simulator.perform("flood", { people: 1, rate: 1000, seconds: 3600, text: "x" });
    await events.finds(() => events.of("flood").length > 0);
  }
  await eventually(
    () => server.listeners.size === 0,
    () => server.listeners.size,
  );
  const sent = async () => (await simulator.perform("messages", { chat_id: id })).at(-1)!.message_id;
  const before = await sent();
  // Many times as long as the flood's pause between two portions.
  const call = callerOf(simulator);
  for (let n = 0; n < 300; n++) await call("getMe");
  assert.equal(await sent(), before);
});
