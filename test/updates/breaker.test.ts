import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Breaker, type ThrownEvent } from "../../src/updates/breaker.ts";

const AWAY = "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at connect";

/** A bot whose application needs something that may be away, and its clock. Each line's events are handled one after another. */
class Bot {
  now = 0;
  isAway = false;
  /** Lines whose events always throw. */
  readonly faulty = new Set<string>();
  /** Numbers of the unsettled events, by line. */
  readonly lines = new Map<string, number[]>();
  /** Lines whose first event is being handled, or threw and is held. */
  readonly busy = new Set<string>();
  /** Numbers of the events that were settled, or became dead letters. */
  readonly settled: number[] = [];
  readonly deadLetters: number[] = [];
  /** Times at which an event was tried while events were held. */
  readonly trials: number[] = [];
  readonly log: string[] = [];
  isHolding = false;
  readonly breaker: Breaker<ThrownEvent>;
  #lastSeq = 0;
  #timers: { readonly at: number; done(): void }[] = [];

  constructor() {
    this.breaker = new Breaker<ThrownEvent>({
      hold: () => {
        this.isHolding = true;
      },
      resume: () => {
        this.isHolding = false;
        for (const line of this.lines.keys()) this.#go(line);
      },
      postOne: () => {
        const line = [...this.lines.keys()].find((line) => !this.busy.has(line));
        return line === undefined ? undefined : this.#begin(line);
      },
      tryAgain: ({ scope }) => {
        this.#begin(scope);
        return true;
      },
      log: {
        error: ({ error }) => void this.log.push(`held: ${error}`),
        info: () => void this.log.push("passed"),
      },
      now: () => this.now,
      wait: (milliseconds, done) => this.#at(this.now + milliseconds, done),
    });
  }

  /** An event of the line comes. @returns its number */
  receive(line: string): number {
    const seq = ++this.#lastSeq;
    this.lines.set(line, [...(this.lines.get(line) ?? []), seq]);
    this.#go(line);
    return seq;
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const [next] = this.#timers.toSorted((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.now = next.at;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.done();
    }
    this.now = end;
  }

  #at(at: number, done: () => void): () => void {
    const timer = { at, done };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  #go(line: string): void {
    if (!this.isHolding && !this.busy.has(line)) this.#begin(line);
  }

  /** @returns the number of the event */
  #begin(line: string): number {
    if (this.breaker.holding !== undefined) this.trials.push(this.now);
    this.busy.add(line);
    this.#at(this.now, () => this.#handle(line));
    return this.lines.get(line)![0]!;
  }

  #handle(line: string): void {
    const [seq, ...rest] = this.lines.get(line)! as [number, ...number[]];
    const throws = this.isAway || this.faulty.has(line);
    if (throws && this.breaker.threw({ seq, scope: line }, AWAY)) return;
    (throws ? this.deadLetters : this.settled).push(seq);
    this.busy.delete(line);
    if (rest.length === 0) this.lines.delete(line);
    else this.lines.set(line, rest);
    if (!throws) this.breaker.settled({ seq, scope: line });
    if (rest.length > 0) this.#go(line);
  }
}

test("events that come while all throw are held, tried one by one after growing pauses, and all pass in the end", () => {
  const bot = new Bot();
  bot.receive("chat:0");
  bot.pass(0);
  bot.isAway = true;
  for (let i = 0; i < 300; i++) bot.receive(`chat:${i % 100}`);
  bot.pass(0);
  assert.equal(bot.deadLetters.length, 9);
  assert.deepEqual(bot.log, ["held: Error: connect ECONNREFUSED #.#.#.#:#"]);
  assert.equal(bot.breaker.holding!.error, "Error: connect ECONNREFUSED #.#.#.#:#");
  bot.pass(30_000);
  assert.deepEqual(bot.trials, [1000, 3000, 7000, 15_000, 25_000]);
  bot.isAway = false;
  bot.pass(10_000);
  assert.equal(bot.breaker.holding, undefined);
  assert.deepEqual(bot.log.slice(1), ["passed"]);
  assert.deepEqual([bot.settled.length, bot.deadLetters.length, bot.lines.size], [301 - 9, 9, 0]);
});

test("chats that throw for each of their messages hold nothing while they are few", () => {
  const bot = new Bot();
  for (let i = 0; i < 9; i++) bot.faulty.add(`chat:${i}`);
  for (let i = 0; i < 1000; i++) {
    bot.receive(`chat:${i % 9}`);
    bot.pass(10);
  }
  assert.deepEqual(bot.log, []);
  assert.equal(bot.deadLetters.length, 1000);
});

test("where many chats always throw, an event that did not throw before is tried next, and lets the others go on", () => {
  const bot = new Bot();
  for (let i = 0; i < 10; i++) {
    bot.faulty.add(`chat:${i}`);
    bot.receive(`chat:${i}`);
  }
  bot.pass(0);
  assert.ok(bot.isHolding);
  bot.receive("chat:100");
  bot.pass(2999);
  assert.deepEqual(bot.trials, [1000]);
  bot.pass(1);
  assert.deepEqual([bot.log[1], bot.settled.length, bot.deadLetters.length], ["passed", 1, 10]);
  bot.receive("chat:101");
  bot.pass(10_000);
  assert.deepEqual([bot.isHolding, bot.settled.length, bot.deadLetters.length, bot.lines.size], [false, 2, 10, 0]);
});

test("an event that is gone is not tried, and one that hangs does not hold up the next", () => {
  const tried: number[] = [];
  const waits: (() => void)[] = [];
  const breaker = new Breaker<ThrownEvent>({
    hold() {},
    resume() {},
    postOne: () => undefined,
    tryAgain: ({ seq }) => {
      if (seq <= 11) return false;
      tried.push(seq);
      return true;
    },
    log: { error() {}, info() {} },
    wait: (_, done) => {
      waits.push(done);
      return () => {};
    },
  });
  for (let seq = 1; seq <= 13; seq++) breaker.threw({ seq, scope: `chat:${seq}` }, AWAY);
  for (let i = 0; i < 3; i++) waits.pop()!();
  assert.deepEqual(tried, [12, 13]);
  breaker.settled({ seq: 11, scope: "chat:11" });
  assert.notEqual(breaker.holding, undefined);
  breaker.settled({ seq: 12, scope: "chat:12" });
  assert.equal(breaker.holding, undefined);
});

test("while nothing throws, settlements need not be told", () => {
  const bot = new Bot();
  bot.receive("chat:1");
  assert.equal(bot.breaker.isWatching, false);
  bot.breaker.failed("chat:2", AWAY);
  assert.equal(bot.breaker.isWatching, true);
});

test("in any course of things, nothing is lost, lines keep their order, and trials are a second apart", () => {
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.record({ do: fc.constant("receive" as const), which: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), which: fc.nat(5000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const), which: fc.nat() }) },
  );
  let holds = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const bot = new Bot();
      const lineOf = new Map<number, string>();
      for (const { do: what, which } of steps) {
        if (what === "receive") lineOf.set(bot.receive(`chat:${which}`), `chat:${which}`);
        else if (what === "pass") bot.pass(which);
        else bot.isAway = !bot.isAway;
        assert.equal(bot.breaker.holding !== undefined, bot.isHolding);
      }
      bot.isAway = false;
      bot.pass(60_000);
      assert.equal(bot.isHolding, false);
      assert.deepEqual([...bot.settled, ...bot.deadLetters].length, lineOf.size);
      const settled = Map.groupBy(bot.settled, (seq) => lineOf.get(seq)!);
      for (const seqs of settled.values())
        assert.deepEqual(
          seqs,
          seqs.toSorted((one, other) => one - other),
        );
      for (const [i, trial] of bot.trials.entries()) if (i > 0) assert.ok(trial - bot.trials[i - 1]! >= 1000);
      holds += bot.log.length;
    }),
  );
  assert.ok(holds > 0);
});
