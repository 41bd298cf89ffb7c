import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Election, SourceState, UpdateSource } from "../../src/protocol/update-source.ts";
import { ElectedSource } from "../../src/telegram/elected-source.ts";

class Vote implements Election {
  isElected = false;
  given = 0;
  others = 0;
  readonly #listeners = new Set<() => void>();

  async isAlone(): Promise<boolean> {
    return this.others === 0;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  giveUp(): void {
    this.given += 1;
  }

  set(isElected: boolean): void {
    this.isElected = isElected;
    for (const listener of this.#listeners) listener();
  }
}

class Source implements UpdateSource {
  state: SourceState = { failures: 0, lastError: undefined, silence: 5, lastSuccess: 1 };
  readonly calls: string[] = [];
  readonly ended = Promise.withResolvers<void>();

  async run(signal: AbortSignal): Promise<void> {
    this.calls.push("run");
    signal.addEventListener("abort", () => this.ended.resolve(), { once: true });
    await this.ended.promise;
    this.calls.push("end");
  }

  async skipPending(): Promise<boolean> {
    this.calls.push("skip");
    return true;
  }

  async confirm(): Promise<void> {
    this.calls.push("confirm");
  }
}

function bench() {
  const election = new Vote();
  const sources: Source[] = [];
  const create = () => sources[sources.push(new Source()) - 1]!;
  const elected = new ElectedSource({ election, create, log: { info() {} } });
  const stop = new AbortController();
  return { election, sources, elected, stop, running: elected.run(stop.signal) };
}

test("a source receives while this machine is elected, and is another one in each term", async () => {
  const { election, sources, stop, running } = bench();
  await turn();
  assert.equal(sources.length, 0);
  election.set(true);
  await turn();
  assert.deepEqual(
    sources.map(({ calls }) => calls),
    [["run"]],
  );
  election.set(false);
  await turn();
  election.set(true);
  await turn();
  assert.deepEqual(
    sources.map(({ calls }) => calls),
    [["run", "end"], ["run"]],
  );
  stop.abort();
  await running;
});

test("the last batch is confirmed at a stop, before another machine polls, and not after a term that others ended", async () => {
  const { election, sources, elected, stop, running } = bench();
  election.set(true);
  await turn();
  stop.abort();
  await running;
  assert.deepEqual(sources[0]!.calls, ["run", "end", "confirm"]);
  assert.equal(election.given, 1, "another machine may poll at once");
  await elected.confirm();
  assert.equal(sources.length, 1);
  const other = bench();
  other.election.set(true);
  await turn();
  other.election.set(false);
  await turn();
  assert.deepEqual(other.sources[0]!.calls, ["run", "end"]);
  other.stop.abort();
  await other.running;
});

test("an error ends the server while this machine is elected, and nothing when its term is over", async () => {
  const { election, sources, running } = bench();
  election.set(true);
  await turn();
  election.isElected = false;
  sources[0]!.ended.reject(new Error("409"));
  await turn();
  election.set(true);
  await turn();
  assert.equal(sources.length, 2);
  sources[1]!.ended.reject(new Error("401"));
  await assert.rejects(running, /401/);
});

test("a machine that does not receive seems well, also when its last term ended badly", async () => {
  const { election, sources, elected, stop, running } = bench();
  assert.deepEqual([elected.state.failures, elected.state.silence], [0, 0]);
  election.set(true);
  await turn();
  sources[0]!.state = { failures: 7, lastError: "?", silence: 9, lastSuccess: 2 };
  assert.equal(elected.state.failures, 7);
  election.set(false);
  await turn();
  assert.deepEqual(elected.state, { failures: 0, lastError: undefined, isConflict: false, silence: 0, lastSuccess: 2 });
  stop.abort();
  await running;
});

test("a source that fails for long has another machine elected", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { election, sources, stop, running } = bench();
  election.set(true);
  await turn();
  t.mock.timers.tick(10_000);
  assert.equal(election.given, 0);
  sources[0]!.state = { ...sources[0]!.state, failures: 5 };
  t.mock.timers.tick(2000);
  assert.equal(election.given, 1);
  stop.abort();
  await running;
});

test("a conflict with another process is this machine's to end with: no other one is elected", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { election, sources, stop, running } = bench();
  election.set(true);
  await turn();
  sources[0]!.state = { ...sources[0]!.state, failures: 20, isConflict: true };
  t.mock.timers.tick(60_000);
  assert.equal(election.given, 0);
  stop.abort();
  await running;
});

test("a source whose requests take long to fail has another machine elected after ten seconds without a success", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { election, sources, stop, running } = bench();
  election.set(true);
  await turn();
  const fails = (failures: number) => (sources[0]!.state = { ...sources[0]!.state, failures });
  fails(1);
  t.mock.timers.tick(8000);
  fails(0);
  t.mock.timers.tick(2000);
  fails(1);
  t.mock.timers.tick(8000);
  assert.equal(election.given, 0);
  t.mock.timers.tick(2000);
  assert.equal(election.given, 1);
  stop.abort();
  await running;
});

test("updates that wait at Telegram are dropped by a machine that is alone", async () => {
  const { election, sources, elected, stop, running } = bench();
  assert.equal(await elected.skipPending(stop.signal), true);
  assert.deepEqual(sources[0]!.calls, ["skip"]);
  election.others = 1;
  assert.equal(await elected.skipPending(stop.signal), false);
  assert.equal(sources.length, 1);
  stop.abort();
  await running;
});
