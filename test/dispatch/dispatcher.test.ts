import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Arrival, Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { shardOf } from "../../src/dispatch/shard.ts";
import type { EventItem } from "../../src/protocol/port.ts";

// What the dispatcher promises; it keeps these numbers to itself.
const PER_SCOPE = 32;
const PER_WORKER = 1000;
const HIGH_WATER = 10_000;
const HIGH_WATER_CHARACTERS = 64 * 1024 * 1024;

const never = new AbortController().signal;

// ---- a model of the dispatcher, which checks every single posting ----------------------------------------------------

interface Scope {
  readonly key: string;
  readonly id: number;
  readonly shard: number;
  /** Accepted and not settled, in order. */
  unsettled: number[];
  held: Set<number>;
  /** How often each other scope has been served while this one could have been. */
  passedOver: Map<Scope, number>;
}

class Model {
  readonly dispatcher: Dispatcher;
  readonly scopes: Scope[];
  readonly #open: boolean[];
  /** Of each shard: what its dead worker held and has not been posted again, in order. */
  readonly #suspects: number[][];
  /** Of each shard: whether what it holds is a suspect. */
  readonly #alone: boolean[];
  readonly #suspensions = new Map<number, number>();
  #closed = false;
  #lastSeq = 0;
  /** Whether a posting may be made at this very moment. */
  #within = false;

  constructor(shards: number, scopes: number) {
    this.#open = new Array<boolean>(shards).fill(false);
    this.#suspects = Array.from({ length: shards }, () => []);
    this.#alone = new Array<boolean>(shards).fill(false);
    // Two scopes to an id, as a chat and a business connection's copy of it are.
    this.scopes = Array.from({ length: scopes }, (_, i) => {
      const id = 1 + Math.floor(i / 2) * 7919;
      const shard = shardOf(id, shards);
      return { key: `chat:${i}`, id, shard, unsettled: [], held: new Set(), passedOver: new Map() };
    });
    this.dispatcher = new Dispatcher({
      shards,
      maxAttempts: Number.POSITIVE_INFINITY,
      post: (shard, event, alone) => this.#posted(shard, event, alone),
      condemn: ({ seq }) => assert.fail(`condemned ${seq}`),
    });
  }

  accept(scope: Scope, count: number): void {
    for (let i = 0; i < count; i++) {
      const seq = ++this.#lastSeq;
      scope.unsettled.push(seq);
      this.#suspensions.set(seq, 0);
      this.#do(() =>
        this.dispatcher.accept({ seq, attempts: 0, deaths: 0, body: `body ${seq}`, scope: scope.key, id: scope.id }),
      );
    }
  }

  /** Settles some of what the shard's worker holds, in any order, and numbers that mean nothing to it. */
  settle(shard: number, choose: (held: number[]) => number[]): void {
    const seqs = choose(this.#on(shard).flatMap(({ held }) => [...held]));
    for (const scope of this.#on(shard)) {
      for (const seq of seqs) {
        if (!scope.held.delete(seq)) continue;
        scope.unsettled.splice(scope.unsettled.indexOf(seq), 1);
        if (scope.unsettled.length === scope.held.size) scope.passedOver.clear();
      }
    }
    if (this.#heldBy(shard) === 0 && this.#suspects[shard]!.length === 0) this.#alone[shard] = false;
    const waiting = this.#on(shard).flatMap(({ unsettled, held }) => unsettled.filter((seq) => !held.has(seq)));
    this.#do(() => this.dispatcher.settled(shard, [-1, ...waiting.slice(0, 2), ...seqs, ...seqs.slice(0, 2)]));
  }

  suspend(shard: number): void {
    this.#open[shard] = false;
    this.#alone[shard] = false;
    const held = this.#on(shard).flatMap((scope) => [...scope.held]);
    this.#suspects[shard] = [...held.sort((a, b) => a - b), ...this.#suspects[shard]!];
    for (const scope of this.#on(shard)) {
      for (const seq of scope.held) this.#suspensions.set(seq, this.#suspensions.get(seq)! + 1);
      scope.held.clear();
      scope.passedOver.clear();
    }
    this.#do(() => this.dispatcher.suspend(shard));
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
    const scopes = this.#on(shard);
    if (this.#alone[shard]) return assert.equal(this.#heldBy(shard), 1, "a suspect is posted alone");
    assert.equal(this.#suspects[shard]!.length, 0, "suspects wait although their worker is there");
    if (this.#heldBy(shard) === PER_WORKER) return;
    for (const scope of scopes) assert.ok(!couldBeServed(scope), `${scope.key} waits although its worker has room`);
  }

  #heldBy(shard: number): number {
    return this.#on(shard).reduce((sum, { held }) => sum + held.size, 0);
  }

  #posted(shard: number, { seq, attempt, body }: EventItem, alone: boolean): void {
    assert.ok(this.#within, "posted out of the blue");
    assert.ok(this.#open[shard], `posted to shard ${shard}, which is not open`);
    const scope = this.scopes.find(({ unsettled }) => unsettled.includes(seq));
    assert.ok(scope, `posted ${seq}, which is settled`);
    assert.equal(shard, scope.shard);
    assert.equal(body, `body ${seq}`);
    assert.ok(!scope.held.has(seq), `posted ${seq} twice`);
    assert.equal(seq, scope.unsettled[scope.held.size], "not the next in its line");
    assert.equal(attempt, this.#suspensions.get(seq)! + 1);
    const others = this.#on(shard).filter((other) => other !== scope);
    const suspect = this.#suspects[shard]!.shift();
    assert.equal(alone, suspect !== undefined);
    if (suspect !== undefined) {
      assert.equal(seq, suspect, "not the next suspect");
      assert.equal(this.#heldBy(shard), 0, "a suspect is posted alone");
      this.#alone[shard] = true;
      scope.held.add(seq);
      return;
    }
    assert.ok(!this.#alone[shard], "posted beside a suspect");
    for (const other of others.filter(couldBeServed)) {
      const times: number = (other.passedOver.get(scope) ?? 0) + 1;
      assert.ok(times <= 1, `${scope.key} was served ${times} times while ${other.key} waited`);
      other.passedOver.set(scope, times);
    }
    scope.held.add(seq);
    scope.passedOver.clear();
    assert.ok(scope.held.size <= PER_SCOPE, `${scope.held.size} events of one scope`);
    assert.ok(
      others.reduce((sum, { held }) => sum + held.size, scope.held.size) <= PER_WORKER,
      "too many for one worker",
    );
  }
}

function couldBeServed({ unsettled, held }: Scope): boolean {
  return unsettled.length > held.size && held.size < PER_SCOPE;
}

// ---- any interleaving ------------------------------------------------------------------------------------------------

type Step =
  | { do: "accept"; scope: number; count: number }
  | { do: "settle"; shard: number; share: number; backwards: boolean }
  | { do: "suspend" | "resume"; shard: number }
  | { do: "close" };

const shard = fc.nat({ max: 2 });
const settles = {
  do: fc.constant("settle" as const),
  shard,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  backwards: fc.boolean(),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("accept" as const), scope: fc.nat(99), count: fc.nat(120) }) },
  { weight: 4, arbitrary: fc.record(settles) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("suspend" as const), shard }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("resume" as const), shard }) },
);

function carryOut(model: Model, shards: number, step: Step): void {
  switch (step.do) {
    case "accept":
      return model.accept(model.scopes[step.scope % model.scopes.length]!, step.count);
    case "settle":
      return model.settle(step.shard % shards, (held) => {
        const chosen = held.slice(0, Math.ceil(held.length * step.share));
        return step.backwards ? chosen.reverse() : chosen;
      });
    case "suspend":
      return model.suspend(step.shard % shards);
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
    fc.asyncProperty(shards, scopes, steps, async (shards, scopes, steps) => {
      const model = new Model(shards, scopes);
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
    { numRuns: 60 },
  );
});

test("scopes take turns at a worker that is full, however much arrives for them meanwhile", () => {
  const scope = fc.nat(39);
  const busy = fc.oneof(
    fc.record({ do: fc.constant("accept" as const), scope, count: fc.constantFrom(1, 2, 40) }),
    fc.record({ ...settles, share: fc.constantFrom(0.001, 0.01, 0.1) }),
  );
  fc.assert(
    fc.property(fc.array(busy, { minLength: 20, maxLength: 200, size: "max" }), (steps) => {
      const model = new Model(1, 40);
      model.resume(0);
      for (const scope of model.scopes) model.accept(scope, PER_SCOPE + 1);
      for (const step of steps) carryOut(model, 1, step);
    }),
    { numRuns: 20 },
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

/** A dispatcher, and what it has posted so far. */
function recorded(shards = 1) {
  const posted: EventItem[] = [];
  const condemned: number[] = [];
  const dispatcher = new Dispatcher({
    shards,
    maxAttempts: 3,
    post: (_, event) => posted.push(event),
    condemn: ({ seq }) => condemned.push(seq),
  });
  return { dispatcher, posted, condemned };
}

let lastSeq = 0;

function arrival(scope: string, body = "{}"): Arrival {
  return { seq: ++lastSeq, attempts: 0, deaths: 0, body, scope, id: 1 };
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
    for (let id = 1; id <= 100; id++)
      dispatcher.accept({ seq: id, attempts: 0, deaths: 0, body: "", scope: `user:${id}`, id });
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

  test("what a dead worker held comes first at its replacement, one at a time, counted as another attempt", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    const events = Array.from({ length: PER_SCOPE + 2 }, () => arrival("a"));
    for (const event of events) dispatcher.accept(event);
    dispatcher.settled(0, [events[0]!.seq]);
    posted.length = 0;
    dispatcher.suspend(0);
    dispatcher.accept(arrival("b"));
    assert.equal(posted.length, 0);
    dispatcher.resume(0);
    for (const { seq } of events.slice(1, PER_SCOPE + 1)) {
      assert.deepEqual(posted, [{ seq, attempt: 2, body: "{}" }]);
      posted.length = 0;
      dispatcher.settled(0, [seq]);
    }
    assert.deepEqual(
      posted.map(({ attempt }) => attempt),
      [1, 1],
    );
  });

  test("an event that kills its worker three times is condemned, and nobody else with it", () => {
    const { dispatcher, posted, condemned } = recorded();
    const [innocent, poison, other] = [arrival("a"), arrival("b"), arrival("c")];
    for (const event of [innocent, poison, other]) dispatcher.accept(event);
    dispatcher.resume(0);
    dispatcher.suspend(0);
    dispatcher.resume(0);
    dispatcher.settled(0, [innocent.seq]);
    for (const attempt of [2, 3]) {
      assert.deepEqual([posted.at(-1)!.seq, posted.at(-1)!.attempt], [poison.seq, attempt]);
      assert.deepEqual(condemned, []);
      dispatcher.suspend(0);
      dispatcher.resume(0);
    }
    assert.deepEqual(condemned, [poison.seq]);
    assert.equal(posted.at(-1)!.seq, other.seq);
    dispatcher.settled(0, [other.seq]);
    assert.equal(dispatcher.unsettled, 0);
  });

  test("a known culprit is condemned where others were posted with it", () => {
    const { dispatcher, posted, condemned } = recorded();
    const poison = { ...arrival("b"), deaths: 2 };
    dispatcher.accept(arrival("a"));
    dispatcher.accept(poison);
    dispatcher.resume(0);
    dispatcher.suspend(0, poison.seq);
    assert.deepEqual(condemned, [poison.seq]);
    posted.length = 0;
    dispatcher.resume(0);
    assert.equal(posted.length, 1);
  });

  test("what was posted twice before the process died is posted alone", () => {
    const { dispatcher, posted } = recorded();
    const suspect = { ...arrival("a"), attempts: 2 };
    dispatcher.accept(suspect);
    dispatcher.accept(arrival("b"));
    dispatcher.resume(0);
    assert.deepEqual(
      posted.map(({ seq }) => seq),
      [suspect.seq],
    );
    dispatcher.settled(0, [suspect.seq]);
    assert.equal(posted.length, 2);
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

// ---- room() and idle() -----------------------------------------------------------------------------------------------

/** Whether a promise is settled by the time that all microtasks have run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await new Promise(setImmediate);
  return settled;
}

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
  });

  test("waits at the high-water mark until half of it is left", async () => {
    const { dispatcher, posted } = recorded();
    dispatcher.resume(0);
    fill(dispatcher, HIGH_WATER);
    const room = dispatcher.room(never);
    settleTo(dispatcher, posted, HIGH_WATER / 2 + 1);
    assert.equal(await isSettled(room), false);
    assert.equal(await isSettled(dispatcher.room(never)), false);
    settleTo(dispatcher, posted, HIGH_WATER / 2);
    await room;
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

  test("does not wait any longer when the signal is aborted", async () => {
    const { dispatcher } = recorded();
    fill(dispatcher, HIGH_WATER);
    const stopping = new AbortController();
    const room = dispatcher.room(stopping.signal);
    assert.equal(await isSettled(room), false);
    stopping.abort();
    await room;
    await dispatcher.room(stopping.signal);
  });

  test("leaves nothing behind at the signal", async () => {
    const { dispatcher, posted } = recorded();
    const { signal } = new AbortController();
    dispatcher.resume(0);
    for (let i = 0; i < 3; i++) {
      fill(dispatcher, HIGH_WATER);
      const room = dispatcher.room(signal);
      settleTo(dispatcher, posted, 0);
      await room;
    }
    assert.equal(getEventListeners(signal, "abort").length, 0);
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
