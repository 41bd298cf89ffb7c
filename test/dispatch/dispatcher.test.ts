import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Arrival, Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { EventItem } from "../../src/protocol/port.ts";
import { shardOf } from "../../src/protocol/shard.ts";
import { isSettled } from "../settled.ts";

// What the dispatcher promises; it keeps these numbers to itself.
const PER_SCOPE = 32;
const PER_WORKER = 1000;
const HIGH_WATER = 10_000;
const HIGH_WATER_CHARACTERS = 64 * 1024 * 1024;

const never = new AbortController().signal;

const NEW = { update_id: 1, kind: "message", received_at: 0, attempts: 0, deaths: 0 };

// ---- a model of the dispatcher, which checks every single posting ----------------------------------------------------

interface Scope {
  readonly key: string;
  readonly id: number;
  readonly shard: number;
  /** Accepted and not settled, in order: first those that are held or suspect, then those that wait. */
  unsettled: number[];
  held: Set<number>;
  suspects: number;
  /** How often each other scope has been served while this one could have been. */
  passedOver: Map<Scope, number>;
}

class Model {
  readonly dispatcher: Dispatcher;
  readonly scopes: Scope[];
  readonly #maxAttempts: number;
  readonly #open: boolean[];
  /** By shard, what is to be posted alone, in order. */
  readonly #suspects: number[][];
  /** By shard, what has been posted alone. */
  readonly #alone: (number | undefined)[];
  readonly #attempts = new Map<number, number>();
  readonly #deaths = new Map<number, number>();
  readonly #condemned: number[] = [];
  #closed = false;
  #lastSeq = 0;
  /** Whether a posting may be made at this very moment. */
  #within = false;

  constructor(shards: number, scopes: number, maxAttempts = 3) {
    this.#maxAttempts = maxAttempts;
    this.#open = new Array<boolean>(shards).fill(false);
    this.#alone = new Array<undefined>(shards).fill(undefined);
    this.#suspects = Array.from({ length: shards }, () => []);
    // Two scopes to an id, as a chat and a business connection's copy of it are.
    this.scopes = Array.from({ length: scopes }, (_, i) => {
      const id = 1 + Math.floor(i / 2) * 7919;
      const [shard, passedOver] = [shardOf(id, shards), new Map<Scope, number>()];
      return { key: `chat:${i}`, id, shard, unsettled: [], held: new Set(), suspects: 0, passedOver };
    });
    this.dispatcher = new Dispatcher({
      shards,
      maxAttempts,
      post: (shard, event, alone) => this.#posted(shard, event, alone),
      condemn: ({ seq }) => this.#condemned.push(seq),
    });
  }

  accept(scope: Scope, count: number, attempts = 0): void {
    for (let i = 0; i < count; i++) {
      const seq = ++this.#lastSeq;
      const isSuspect = attempts >= 2 && scope.unsettled.length === scope.held.size + scope.suspects;
      if (isSuspect) this.#suspect(scope, [seq], "last");
      scope.unsettled.push(seq);
      this.#attempts.set(seq, attempts);
      this.#deaths.set(seq, 0);
      const arrival = { ...NEW, seq, attempts, body: `body ${seq}`, scope: scope.key, id: scope.id };
      this.#do(() => this.dispatcher.accept(arrival));
    }
  }

  /** Settles some of what the shard's worker holds, in any order, and numbers that mean nothing to it. */
  settle(shard: number, choose: (held: number[]) => number[]): void {
    const seqs = choose(this.#held(shard));
    for (const scope of this.#on(shard)) for (const seq of seqs) if (scope.held.delete(seq)) this.#over(scope, seq);
    if (seqs.includes(this.#alone[shard]!)) this.#alone[shard] = undefined;
    const others = this.#on(shard).flatMap(({ unsettled, held }) => unsettled.filter((seq) => !held.has(seq)));
    this.#do(() => this.dispatcher.settled(shard, [-1, ...others.slice(0, 2), ...seqs, ...seqs.slice(0, 2)]));
  }

  suspend(shard: number, chooseCulprit: (held: number[]) => number | undefined = () => undefined): void {
    const held = this.#held(shard).sort((one, other) => one - other);
    const culprit = chooseCulprit(held);
    const guilty = this.#alone[shard] ?? culprit;
    this.#open[shard] = false;
    this.#alone[shard] = undefined;
    for (const seq of held) this.#deaths.set(seq, this.#deaths.get(seq)! + 1);
    const condemned = guilty !== undefined && this.#deaths.get(guilty)! >= this.#maxAttempts ? [guilty] : [];
    for (const scope of this.#on(shard)) {
      scope.passedOver.clear();
      for (const seq of scope.held) if (condemned.includes(seq)) this.#over(scope, seq);
      scope.suspects += [...scope.held].filter((seq) => !condemned.includes(seq)).length;
      scope.held.clear();
    }
    this.#suspects[shard]!.unshift(...held.filter((seq) => !condemned.includes(seq)));
    this.#condemned.length = 0;
    this.#do(() => assert.deepEqual(this.dispatcher.suspend(shard, culprit), held));
    assert.deepEqual(this.#condemned, condemned);
  }

  pause(shard: number): void {
    this.#open[shard] = false;
    this.#do(() => this.dispatcher.pause(shard));
  }

  release(shard: number, chooseUnseen: (held: number[]) => number[]): void {
    const held = this.#held(shard).sort((one, other) => one - other);
    const unseen = chooseUnseen(held);
    const areSuspects = this.#alone[shard] !== undefined || this.#suspects[shard]!.length > 0;
    this.#open[shard] = false;
    this.#alone[shard] = undefined;
    for (const seq of unseen) this.#attempts.set(seq, this.#attempts.get(seq)! - 1);
    for (const scope of this.#on(shard)) {
      scope.passedOver.clear();
      if (areSuspects) scope.suspects += scope.held.size;
      scope.held.clear();
    }
    if (areSuspects) this.#suspects[shard]!.unshift(...held);
    this.#do(() => this.dispatcher.release(shard, [-1, ...unseen]));
  }

  resume(shard: number): void {
    this.#open[shard] = !this.#closed;
    this.#do(() => this.dispatcher.resume(shard));
  }

  close(): void {
    this.#closed = true;
    this.#open.fill(false);
    this.#do(() => this.dispatcher.close());
  }

  #on(shard: number): Scope[] {
    return this.scopes.filter((scope) => scope.shard === shard);
  }

  #held(shard: number): number[] {
    return this.#on(shard).flatMap(({ held }) => [...held]);
  }

  #suspect(scope: Scope, seqs: number[], where: "first" | "last"): void {
    scope.suspects += seqs.length;
    if (where === "last") this.#suspects[scope.shard]!.push(...seqs);
    else this.#suspects[scope.shard]!.unshift(...seqs);
  }

  #over(scope: Scope, seq: number): void {
    scope.unsettled.splice(scope.unsettled.indexOf(seq), 1);
    if (!couldBeServed(scope)) scope.passedOver.clear();
  }

  #do(step: () => void): void {
    this.#within = true;
    step();
    this.#within = false;
    const unsettled = this.scopes.reduce((sum, scope) => sum + scope.unsettled.length, 0);
    assert.equal(this.dispatcher.unsettled, unsettled);
    for (const [shard, open] of this.#open.entries()) if (open) this.#assertBusy(shard);
  }

  /** Nothing waits that could be posted. */
  #assertBusy(shard: number): void {
    const held = this.#held(shard).length;
    if (this.#suspects[shard]!.length > 0)
      return assert.ok(held > 0, "a suspect waits although its worker has nothing");
    if (this.#alone[shard] !== undefined || held === PER_WORKER) return;
    for (const scope of this.#on(shard)) {
      assert.ok(!couldBeServed(scope), `${scope.key} waits although its worker has room`);
    }
  }

  #posted(shard: number, { seq, attempts, body }: Arrival, alone: boolean): void {
    assert.ok(this.#within, "posted out of the blue");
    assert.ok(this.#open[shard], `posted to shard ${shard}, which is not open`);
    const scope = this.scopes.find(({ unsettled }) => unsettled.includes(seq));
    assert.ok(scope, `posted ${seq}, which is settled`);
    assert.equal(shard, scope.shard);
    assert.equal(body, `body ${seq}`);
    assert.ok(!scope.held.has(seq), `posted ${seq} twice`);
    assert.equal(seq, scope.unsettled[scope.held.size], "not the next in its line");
    assert.equal(attempts, this.#attempts.get(seq)! + 1);
    this.#attempts.set(seq, attempts);
    assert.equal(this.#alone[shard], undefined, "posted beside a suspect");
    const suspect = this.#suspects[shard]!.shift();
    assert.equal(alone, suspect !== undefined);
    if (alone) {
      assert.equal(seq, suspect, "not the first of the suspects");
      assert.equal(this.#held(shard).length, 0, "a suspect was posted beside others");
      this.#alone[shard] = seq;
      scope.suspects -= 1;
    } else this.#assertFair(scope);
    scope.held.add(seq);
    scope.passedOver.clear();
    assert.deepEqual(this.dispatcher.posted(shard, seq)?.body, body);
    assert.ok(scope.held.size <= PER_SCOPE, `${scope.held.size} events of one scope`);
    assert.ok(this.#held(shard).length <= PER_WORKER, "too many for one worker");
  }

  #assertFair(scope: Scope): void {
    for (const other of this.#on(scope.shard)) {
      if (other === scope || !couldBeServed(other)) continue;
      const times: number = (other.passedOver.get(scope) ?? 0) + 1;
      assert.ok(times <= 1, `${scope.key} was served ${times} times while ${other.key} waited`);
      other.passedOver.set(scope, times);
    }
  }
}

function couldBeServed({ unsettled, held, suspects }: Scope): boolean {
  return unsettled.length > held.size + suspects && held.size < PER_SCOPE;
}

// ---- any interleaving ------------------------------------------------------------------------------------------------

type Step =
  | { do: "accept"; scope: number; count: number; attempts: number }
  | { do: "settle"; shard: number; share: number; backwards: boolean }
  | { do: "suspend"; shard: number; culprit: number | undefined }
  | { do: "pause"; shard: number }
  | { do: "release"; shard: number; share: number }
  | { do: "resume"; shard: number }
  | { do: "close" };

const shard = fc.nat({ max: 2 });
const culprit = fc.option(fc.nat(), { nil: undefined });
const accepts = {
  do: fc.constant("accept" as const),
  attempts: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
};
const settles = {
  do: fc.constant("settle" as const),
  shard,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  backwards: fc.boolean(),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ...accepts, scope: fc.nat(99), count: fc.nat(120) }) },
  { weight: 4, arbitrary: fc.record(settles) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("suspend" as const), shard, culprit }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pause" as const), shard }) },
  { weight: 1, arbitrary: fc.record({ ...settles, do: fc.constant("release" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("resume" as const), shard }) },
);

function carryOut(model: Model, shards: number, step: Step): void {
  switch (step.do) {
    case "accept":
      return model.accept(model.scopes[step.scope % model.scopes.length]!, step.count, step.attempts);
    case "settle":
      return model.settle(step.shard % shards, (held) => {
        const chosen = held.slice(0, Math.ceil(held.length * step.share));
        return step.backwards ? chosen.reverse() : chosen;
      });
    case "suspend":
      return model.suspend(step.shard % shards, (held) => held[(step.culprit ?? Number.NaN) % held.length]);
    case "pause":
      return model.pause(step.shard % shards);
    case "release":
      return model.release(step.shard % shards, (held) => held.slice(Math.floor(held.length * step.share)));
    case "resume":
      return model.resume(step.shard % shards);
    case "close":
      return model.close();
  }
}

const shards = fc.integer({ min: 1, max: 3 });
const scopes = fc.integer({ min: 1, max: 100 });
const steps = fc.array(step, { maxLength: 120, size: "max" });

test("whatever happens, events are posted in order per scope, in turn, within bounds, once per life of a worker", async () => {
  await fc.assert(
    fc.asyncProperty(shards, scopes, steps, fc.integer({ min: 1, max: 4 }), async (shards, scopes, steps, attempts) => {
      const model = new Model(shards, scopes, attempts);
      for (const step of steps) carryOut(model, shards, step);
      // Nothing is lost: with every worker there, all of it can be settled.
      for (let shard = 0; shard < shards; shard++) model.resume(shard);
      const idle = model.dispatcher.idle();
      while (model.dispatcher.unsettled > 0) {
        const before = model.dispatcher.unsettled;
        for (let shard = 0; shard < shards; shard++) model.settle(shard, (held) => held);
        assert.ok(model.dispatcher.unsettled < before, "some events are never posted");
      }
      await idle;
    }),
    { numRuns: 40 },
  );
});

test("scopes take turns at a worker that is full, however much arrives for them meanwhile", () => {
  const scope = fc.nat(39);
  const busy = fc.oneof(
    fc.record({ ...accepts, attempts: fc.constant(0), scope, count: fc.constantFrom(1, 2, 40) }),
    fc.record({ ...settles, share: fc.constantFrom(0.001, 0.01, 0.1) }),
  );
  fc.assert(
    fc.property(fc.array(busy, { minLength: 20, maxLength: 200, size: "max" }), (steps) => {
      const model = new Model(1, 40);
      model.resume(0);
      for (const scope of model.scopes) model.accept(scope, PER_SCOPE + 1);
      for (const step of steps) carryOut(model, 1, step);
    }),
    { numRuns: 10 },
  );
});

test("once closed, nothing is posted whatever happens, and what is posted can still be settled", () => {
  fc.assert(
    fc.property(shards, scopes, steps, steps, (shards, scopes, before, after) => {
      const model = new Model(shards, scopes);
      for (const step of [...before, { do: "close" } as const, ...after]) carryOut(model, shards, step);
    }),
    { numRuns: 30 },
  );
});

// ---- one at a time ---------------------------------------------------------------------------------------------------

/** A dispatcher, what it has posted so far, and what it has condemned. */
function recorded({ shards = 1, maxAttempts = 3 } = {}) {
  const posted: EventItem[] = [];
  const condemned: number[] = [];
  const dispatcher = new Dispatcher({
    shards,
    maxAttempts,
    post: (_, { seq, attempts, body }) => posted.push({ seq, attempt: attempts, body }),
    condemn: ({ seq }) => condemned.push(seq),
  });
  return { dispatcher, posted, condemned };
}

let lastSeq = 0;

function arrival(scope: string, body = "{}"): Arrival {
  return { ...NEW, seq: ++lastSeq, body, scope, id: 1 };
}

describe("posting", () => {
  test("waits until the worker is there", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.accept(arrival("a"));
    assert.equal(posted.length, 0);
    dispatcher.resume(0);
    assert.equal(posted.length, 1);
  });

  test("goes to the worker of the scope's shard", () => {
    const shards = new Map<number, number>();
    const dispatcher = new Dispatcher({
      shards: 5,
      maxAttempts: 3,
      post: (shard, { seq }) => shards.set(seq, shard),
      condemn: () => assert.fail(),
    });
    for (let shard = 0; shard < 5; shard++) dispatcher.resume(shard);
    for (let id = 1; id <= 100; id++) dispatcher.accept({ ...NEW, seq: id, body: "", scope: `user:${id}`, id });
    for (const [id, shard] of shards) assert.equal(shard, shardOf(id, 5));
    assert.equal(shards.size, 100);
  });

  test("one scope's flood does not hold back another", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    for (let i = 0; i < 5000; i++) dispatcher.accept(arrival("flood"));
    assert.equal(posted.length, PER_SCOPE);
    const quiet = arrival("quiet");
    dispatcher.accept(quiet);
    assert.equal(posted.at(-1)!.seq, quiet.seq);
  });

  test("a newcomer gets the first place that a full worker has to give", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    for (let scope = 0; scope < 31; scope++) for (let i = 0; i < 32; i++) dispatcher.accept(arrival(`scope ${scope}`));
    for (let i = 0; i < 8; i++) dispatcher.accept(arrival("last"));
    assert.equal(posted.length, PER_WORKER);
    const newcomer = arrival("newcomer");
    dispatcher.accept(newcomer);
    for (let i = 0; i < 500; i++) dispatcher.accept(arrival("scope 0"));
    dispatcher.settled(0, [posted[0]!.seq]);
    assert.equal(posted.at(-1)!.seq, newcomer.seq);
  });

  test("attempts that earlier processes made count too", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    dispatcher.accept({ ...arrival("a"), attempts: 2 });
    assert.equal(posted[0]!.attempt, 3);
  });

  test("a worker that comes back after close() gets nothing", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.accept(arrival("a"));
    dispatcher.close();
    dispatcher.resume(0);
    assert.equal(posted.length, 0);
    assert.equal(dispatcher.unsettled, 1);
  });
});

describe("what a dead worker had", () => {
  /** A dispatcher whose worker has died of one of these. */
  function afterDeath(options: { maxAttempts?: number } = {}) {
    const it = recorded(options);
    it.dispatcher.resume(0);
    const events = ["a", "a", "b", "c"].map((scope) => arrival(scope));
    for (const event of events) it.dispatcher.accept(event);
    const held = it.dispatcher.suspend(0);
    it.posted.length = 0;
    return { ...it, events, held };
  }

  test("is named when it dies", () => {
    const { events, held } = afterDeath();
    assert.deepEqual(
      held,
      events.map(({ seq }) => seq),
    );
  });

  test("is posted again one at a time, as another attempt, before anything else", () => {
    const { dispatcher, posted, events } = afterDeath();
    const later = arrival("d");
    dispatcher.accept(later);
    dispatcher.resume(0);
    for (const [i, { seq }] of events.entries()) {
      assert.deepEqual(posted.splice(0), [{ seq, attempt: 2, body: "{}" }], `event ${i}`);
      dispatcher.settled(0, [seq]);
    }
    assert.deepEqual(posted, [{ seq: later.seq, attempt: 1, body: "{}" }]);
  });

  test("is condemned when it has killed its worker as often as is allowed, and nothing else is", () => {
    const { dispatcher, posted, condemned, events } = afterDeath({ maxAttempts: 3 });
    const killer = events[1]!;
    dispatcher.resume(0);
    dispatcher.settled(0, [events[0]!.seq]);
    assert.equal(posted.at(-1)!.seq, killer.seq);
    dispatcher.suspend(0);
    assert.deepEqual(condemned, []);
    dispatcher.resume(0);
    assert.deepEqual(posted.at(-1), { seq: killer.seq, attempt: 3, body: "{}" });
    dispatcher.suspend(0);
    assert.deepEqual(condemned, [killer.seq]);
    assert.equal(dispatcher.unsettled, 2);
    dispatcher.resume(0);
    assert.deepEqual(posted.at(-1), { seq: events[2]!.seq, attempt: 2, body: "{}" });
  });

  test("is condemned at once where one attempt is allowed and the worker has named it", () => {
    const { dispatcher, posted, condemned } = recorded({ maxAttempts: 1 });
    dispatcher.resume(0);
    const events = [arrival("a"), arrival("b"), arrival("b")];
    for (const event of events) dispatcher.accept(event);
    dispatcher.suspend(0, events[1]!.seq);
    assert.deepEqual(condemned, [events[1]!.seq]);
    posted.length = 0;
    dispatcher.resume(0);
    assert.equal(posted[0]!.seq, events[0]!.seq);
  });

  test("is not blamed for what the worker is said to have died of, if it never had that", () => {
    const { dispatcher, condemned } = recorded({ maxAttempts: 1 });
    dispatcher.resume(0);
    dispatcher.accept(arrival("a"));
    dispatcher.suspend(0, 12_345_678);
    assert.deepEqual(condemned, []);
    assert.equal(dispatcher.unsettled, 1);
  });

  test("keeps idle() waiting until it is settled or condemned", async () => {
    const { dispatcher, events } = afterDeath({ maxAttempts: 2 });
    const idle = dispatcher.idle();
    for (const _ of events) {
      assert.equal(await isSettled(idle), false);
      dispatcher.resume(0);
      dispatcher.suspend(0);
    }
    await idle;
    assert.equal(dispatcher.unsettled, 0);
  });
});

describe("what a worker has not settled when it ends as it was told to", () => {
  test("is posted again before what waits, at once and not alone, and only what was seen has made an attempt", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    const events = ["a", "a", "b"].map((scope) => arrival(scope));
    for (const event of events) dispatcher.accept(event);
    dispatcher.pause(0);
    const later = arrival("a");
    dispatcher.accept(later);
    posted.length = 0;
    dispatcher.release(0, [events[1]!.seq, events[2]!.seq]);
    assert.deepEqual(posted, []);
    dispatcher.resume(0);
    const again = posted.map(({ seq, attempt }) => [seq, attempt]);
    assert.deepEqual(again, [
      [events[0]!.seq, 2],
      [events[2]!.seq, 1],
      [events[1]!.seq, 1],
      [later.seq, 1],
    ]);
  });

  test("stays a suspect if it was one, and is never condemned for it", () => {
    const { dispatcher, posted, condemned } = recorded({ maxAttempts: 2 });
    dispatcher.resume(0);
    const events = [arrival("a"), arrival("b")];
    for (const event of events) dispatcher.accept(event);
    dispatcher.suspend(0);
    for (let reload = 0; reload < 5; reload++) {
      dispatcher.resume(0);
      assert.deepEqual([posted.at(-1)!.seq, posted.length], [events[0]!.seq, 3 + reload]);
      dispatcher.release(0, []);
    }
    assert.deepEqual(condemned, []);
  });

  test("is not overtaken by an event of its scope that is a suspect from the start", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    const first = arrival("a");
    dispatcher.accept(first);
    dispatcher.pause(0);
    dispatcher.accept({ ...arrival("a"), attempts: 2 });
    dispatcher.release(0, []);
    posted.length = 0;
    dispatcher.resume(0);
    assert.deepEqual(posted, [{ seq: first.seq, attempt: 2, body: "{}" }]);
  });
});

test("an event that earlier processes posted in vain is posted alone from the start", () => {
  const { dispatcher, posted } = recorded();
  const events = [0, 2, 0].map((attempts, i) => ({ ...arrival(`scope ${i}`), attempts }));
  for (const event of events) dispatcher.accept(event);
  dispatcher.resume(0);
  assert.deepEqual(posted.splice(0), [{ seq: events[1]!.seq, attempt: 3, body: "{}" }]);
  dispatcher.settled(0, [events[1]!.seq]);
  assert.deepEqual(
    posted.map(({ seq }) => seq),
    [events[0]!.seq, events[2]!.seq],
  );
});

// ---- room() and idle() -----------------------------------------------------------------------------------------------

describe("room()", () => {
  /** Accepts events, each of a scope of its own shard's worker, until `count` are unsettled. */
  function fill(dispatcher: Dispatcher, count: number, body = "{}"): void {
    while (dispatcher.unsettled < count) dispatcher.accept(arrival(`scope ${lastSeq}`, body));
  }

  /** Settles what is posted until `count` are left. */
  function settleTo(dispatcher: Dispatcher, posted: EventItem[], count: number): void {
    while (dispatcher.unsettled > count) {
      const seqs = posted.splice(0, dispatcher.unsettled - count).map(({ seq }) => seq);
      dispatcher.settled(0, seqs);
    }
  }

  test("is there at once below the high-water mark", async () => {
    const { dispatcher } = recorded();
    fill(dispatcher, HIGH_WATER - 1);
    await dispatcher.room(never);
    assert.equal(dispatcher.isFull, false);
  });

  test("waits at the high-water mark until half of it is left", async () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    fill(dispatcher, HIGH_WATER);
    const room = dispatcher.room(never);
    settleTo(dispatcher, posted, HIGH_WATER / 2 + 1);
    assert.equal(await isSettled(room), false);
    assert.equal(dispatcher.isFull, true);
    assert.equal(await isSettled(dispatcher.room(never)), false);
    settleTo(dispatcher, posted, HIGH_WATER / 2);
    await room;
    assert.equal(dispatcher.isFull, false);
    await dispatcher.room(never);
    fill(dispatcher, HIGH_WATER);
    assert.equal(await isSettled(dispatcher.room(never)), false);
  });

  test("counts characters, too", async () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    const mega = "x".repeat(1024 * 1024);
    fill(dispatcher, HIGH_WATER_CHARACTERS / mega.length - 1, mega);
    await dispatcher.room(never);
    fill(dispatcher, HIGH_WATER_CHARACTERS / mega.length, mega);
    const room = dispatcher.room(never);
    settleTo(dispatcher, posted, HIGH_WATER_CHARACTERS / mega.length / 2 + 1);
    assert.equal(await isSettled(room), false);
    settleTo(dispatcher, posted, HIGH_WATER_CHARACTERS / mega.length / 2);
    await room;
  });
});

describe("idle()", () => {
  test("resolves at once where nothing is unsettled", async () => {
    await recorded().dispatcher.idle();
  });

  test("resolves with the last settlement, for everyone who asked", async () => {
    const { dispatcher } = recorded();
    dispatcher.resume(0);
    const events = [arrival("a"), arrival("b")];
    for (const event of events) dispatcher.accept(event);
    const idle = [dispatcher.idle(), dispatcher.idle()];
    dispatcher.settled(0, [events[0]!.seq]);
    assert.equal(await isSettled(idle[0]!), false);
    dispatcher.settled(0, [events[1]!.seq]);
    await Promise.all(idle);
    dispatcher.accept(arrival("a"));
    assert.equal(await isSettled(dispatcher.idle()), false);
  });
});

test("knows how many events the workers have, and when the oldest of all was received, wherever that is", () => {
  const { dispatcher, posted } = recorded();
  const at = (scope: string, received_at: number) => dispatcher.accept({ ...arrival(scope), received_at });
  assert.deepEqual([dispatcher.inFlight, dispatcher.oldest], [0, undefined]);
  at("a", 20);
  at("a", 30);
  at("b", 10);
  assert.deepEqual([dispatcher.inFlight, dispatcher.oldest], [0, 10]);
  dispatcher.resume(0);
  assert.deepEqual([dispatcher.inFlight, dispatcher.oldest], [3, 10]);
  // In turns: the first of each scope, then the second of the first.
  dispatcher.settled(0, [posted[1]!.seq]);
  assert.deepEqual([dispatcher.inFlight, dispatcher.oldest], [2, 20]);
  dispatcher.suspend(0);
  assert.deepEqual([dispatcher.inFlight, dispatcher.oldest], [0, 20]);
});
