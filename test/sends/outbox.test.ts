import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as settle } from "node:timers/promises";
import fc from "fast-check";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Answer, Call } from "../../src/protocol/port.ts";
import { Limiter } from "../../src/sends/limiter.ts";
import { LongWaits } from "../../src/sends/long-waits.ts";
import { Outbox } from "../../src/sends/outbox.ts";
import type { Sending } from "../../src/sends/sending.ts";
import { isSettled } from "../settled.ts";

/** A failure of a call. */
class Failure extends Error {
  /** Pause before the call is to be repeated; undefined if it is not. */
  readonly again: number | undefined;
  constructor(again?: number) {
    super(again === undefined ? "for good" : "for now");
    this.again = again;
  }
}

/** A 429: the wait in milliseconds. */
class Refusal extends Error {
  readonly wait: number;
  constructor(wait = 10_000) {
    super("too many");
    this.wait = wait;
  }
}

/** The edit would change nothing. */
class Unchanged extends Error {}

/** The group became a supergroup. */
class Moved extends Error {
  readonly to: number;
  constructor(to: number) {
    super("moved");
    this.to = to;
  }
}

interface UnderWay {
  call: Call;
  answer(text: string): void;
  fail(error: Error): void;
}

interface Pause {
  readonly milliseconds: number;
  /** By the test's clock. */
  readonly end: number;
  elapse(): void;
}

/** An outbox whose calls the test answers, and whose waits the test ends. */
class Bench {
  readonly underWay: UnderWay[] = [];
  readonly pauses: Pause[] = [];
  readonly judged: { error: unknown; method: string; attempt: number }[] = [];
  /** Outcomes of each call, by its body: `ok:<answer>`, or the error. */
  readonly outcomes = new Map<string, unknown[]>();
  /** Calls that went out, and calls that were over, in order. */
  readonly course: string[] = [];
  /** Calls that were told to wait, and calls that a newer one superseded. */
  readonly delayed = new Set<string>();
  readonly superseded: string[] = [];
  /** Calls that failed because the server stops. */
  readonly quietly: string[] = [];
  now = 0;
  /** Long waits that were told. */
  readonly told: [lane: string, seconds: number][] = [];
  readonly outbox: Outbox;

  /** @param rate of all calls to chats */
  constructor(rate = Number.POSITIVE_INFINITY) {
    this.outbox = new Outbox({
      request: (call) => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        const over = () => this.underWay.splice(this.underWay.indexOf(item), 1);
        const item: UnderWay = {
          call,
          answer: (text) => {
            over();
            resolve(text);
          },
          fail: (error) => {
            over();
            reject(error);
          },
        };
        this.underWay.push(item);
        this.course.push(`out: ${call.body}`);
        return promise;
      },
      judge: (error, { method }, attempt) => {
        this.judged.push({ error, method, attempt });
        if (error instanceof Refusal) return { action: "again", after: error.wait, refused: true };
        if (error instanceof Moved) return { action: "redirect", chat_id: error.to };
        if (error instanceof Unchanged) return { action: "accept", answer: "unchanged" };
        const after = (error as Failure).again;
        return after === undefined ? { action: "reject" } : { action: "again", after };
      },
      limiter: new Limiter({ rate, now: () => this.now }),
      longWaits: new LongWaits({ tell: (...wait) => this.told.push(wait), now: () => this.now }),
      wait: (milliseconds, done) => {
        const over = () => this.pauses.splice(this.pauses.indexOf(pause), 1);
        const pause: Pause = {
          milliseconds,
          end: this.now + milliseconds,
          elapse: () => {
            over();
            done();
          },
        };
        this.pauses.push(pause);
        return over;
      },
    });
  }

  /** Posts a call in the turn that has not ended. */
  post(lane: string | undefined, body: string, coalesce?: string, isBulk = false): void {
    this.outcomes.set(body, []);
    const over = (outcome: unknown) => {
      this.outcomes.get(body)!.push(outcome);
      this.course.push(`over: ${body}`);
    };
    const sending: Sending = {
      call: { method: "sendMessage", lane, body, ...(coalesce === undefined ? {} : { coalesce }) },
      isBulk,
      succeeded: (answer) => over(`ok:${answer}`),
      failed: (error, isGivenUp = false) => {
        if (isGivenUp) this.quietly.push(body);
        over(error);
      },
      delayed: () => void this.delayed.add(body),
      superseded: () => void this.superseded.push(body),
    };
    this.outbox.post(sending);
  }

  /** Posts a call, and sends it at once. */
  send(lane: string | undefined, body: string, coalesce?: string): void {
    this.post(lane, body, coalesce);
    this.outbox.takeTurn()();
  }

  /** Posts a call outside an event, and sends it at once. */
  sendBulk(lane: string, body: string): void {
    this.post(lane, body, undefined, true);
    this.outbox.takeTurn()();
  }

  /** The time goes on, and the waits end that are over by then. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const [next] = this.pauses.toSorted((one, other) => one.end - other.end);
      if (next === undefined || next.end > end) break;
      this.now = Math.max(this.now, next.end);
      next.elapse();
      await settle();
    }
    this.now = end;
  }

  /** The bodies of the calls under way. */
  get out(): string[] {
    return this.underWay.map(({ call }) => call.body);
  }

  find(body: string): UnderWay {
    return this.underWay.find(({ call }) => call.body === body)!;
  }
}

// ---- any interleaving ------------------------------------------------------------------------------------------------

type Step =
  | { do: "post"; lane: number }
  | { do: "takeTurn" }
  | { do: "send" }
  | { do: "answer"; which: number }
  | { do: "fail"; which: number; again: boolean }
  | { do: "elapse"; which: number }
  | { do: "close" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("post" as const), lane: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.constant({ do: "takeTurn" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "send" as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("fail" as const), which: fc.nat(), again: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("elapse" as const), which: fc.nat() }) },
);

/** Lane 0 stands for calls without a lane. */
const laneName = (lane: number) => (lane === 0 ? undefined : `chat ${lane}`);

class Model {
  readonly bench = new Bench();
  /** Calls of the turn that has not ended. */
  #posted: string[] = [];
  /** Turns that are not sent yet. */
  readonly #turns: { readonly bodies: string[]; send(): void }[] = [];
  /** Calls that were sent and are not over, by lane, in the order in which they were made. */
  readonly #lines = new Map<number, string[]>();
  readonly #expected = new Map<string, string>();
  readonly #paused = new Map<Pause, string>();
  readonly #attempts = new Map<string, number>();
  #closed = false;
  #count = 0;

  async carryOut(step: Step): Promise<void> {
    const { bench } = this;
    switch (step.do) {
      case "post": {
        const body = `${step.lane}:${++this.#count}`;
        this.#posted.push(body);
        bench.post(laneName(step.lane), body);
        break;
      }
      case "takeTurn":
        this.#turns.push({ bodies: this.#posted, send: bench.outbox.takeTurn() });
        this.#posted = [];
        break;
      case "send": {
        const turn = this.#turns.shift();
        if (turn === undefined) return;
        for (const body of turn.bodies) this.#sent(body);
        turn.send();
        break;
      }
      case "answer": {
        const item = bench.underWay[step.which % bench.underWay.length];
        if (item === undefined) return;
        this.#over(item.call.body, `ok:${step.which}`);
        item.answer(`${step.which}`);
        break;
      }
      case "fail": {
        const item = bench.underWay[step.which % bench.underWay.length];
        if (item === undefined) return;
        await this.#fail(item, step.again ? step.which : undefined);
        break;
      }
      case "elapse": {
        const pause = bench.pauses[step.which % bench.pauses.length];
        if (pause === undefined) return;
        this.#paused.delete(pause);
        pause.elapse();
        break;
      }
      case "close": {
        this.#closed = true;
        const unsent = [...this.#turns.flatMap(({ bodies }) => bodies.splice(0)), ...this.#posted.splice(0)];
        for (const body of this.#paused.values()) this.#over(body, "never sent");
        const behind = [...this.#lines].flatMap(([lane, line]) => (lane === 0 ? [] : line.splice(1)));
        for (const body of [...unsent, ...behind]) this.#expected.set(body, "never sent");
        this.#paused.clear();
        bench.outbox.close();
      }
    }
    await settle();
    this.#check();
  }

  /** Sends and answers every call that is left. */
  async finish(): Promise<void> {
    const idle = this.bench.outbox.idle();
    await this.carryOut({ do: "takeTurn" });
    while (this.#turns.length > 0) await this.carryOut({ do: "send" });
    while (this.bench.outbox.pending > 0) {
      const before = this.bench.outbox.pending;
      while (this.bench.pauses.length > 0) await this.carryOut({ do: "elapse", which: 0 });
      while (this.bench.underWay.length > 0) await this.carryOut({ do: "answer", which: 0 });
      assert.ok(this.bench.outbox.pending < before, "some calls are never made");
    }
    await idle;
    for (const [body, outcomes] of this.bench.outcomes) assert.equal(outcomes.length, 1, `${body}: ${outcomes}`);
  }

  async #fail(item: UnderWay, again: number | undefined): Promise<void> {
    const { body } = item.call;
    const attempt = (this.#attempts.get(body) ?? 0) + 1;
    this.#attempts.set(body, attempt);
    const error = new Failure(again);
    const { pauses, judged } = this.bench;
    if (again === undefined || this.#closed) this.#over(body, error.message);
    item.fail(error);
    await settle();
    if (this.#closed) return;
    assert.deepEqual(judged.at(-1), { error, method: "sendMessage", attempt });
    if (again === undefined) return;
    const pause = pauses.at(-1)!;
    assert.equal(pause.milliseconds, again);
    this.#paused.set(pause, body);
  }

  #line(lane: number): string[] {
    if (!this.#lines.has(lane)) this.#lines.set(lane, []);
    return this.#lines.get(lane)!;
  }

  /** The call joins its lane. A closed outbox gives it up unless another call of its lane is under way. */
  #sent(body: string): void {
    const lane = Number.parseInt(body, 10);
    this.#line(lane).push(body);
    if (this.#closed && (lane === 0 || this.#line(lane)[0] === body)) this.#over(body, "never sent");
  }

  /** The call is over. In a closed outbox, so is everything behind it in its lane. */
  #over(body: string, outcome: string): void {
    const lane = Number.parseInt(body, 10);
    const line = this.#line(lane);
    assert.ok(lane === 0 || line[0] === body, `${body} is not the first of its lane`);
    line.splice(line.indexOf(body), 1);
    this.#expected.set(body, outcome);
    if (!this.#closed || lane === 0) return;
    for (const waiting of line.splice(0)) this.#expected.set(waiting, "never sent");
  }

  #check(): void {
    const { bench } = this;
    const paused = [...this.#paused.values()];
    // Of each lane the first call is under way or waits to be repeated; without a lane, every call.
    const heads = [...this.#lines].flatMap(([lane, line]) => (lane === 0 ? line : line.slice(0, 1)));
    assert.deepEqual([...bench.out, ...paused].sort(), heads.sort());
    const unsent = [this.#posted, ...this.#turns.map(({ bodies }) => bodies)].flat();
    assert.equal(bench.outbox.pending, [...this.#lines.values()].flat().length + unsent.length);
    assert.equal(bench.outbox.paused, paused.length);
    for (const [body, outcomes] of bench.outcomes) {
      const outcome = this.#expected.get(body);
      assert.deepEqual(outcomes.map(outcomeOf), outcome === undefined ? [] : [outcome], body);
    }
  }
}

function outcomeOf(outcome: unknown): unknown {
  if (outcome instanceof NetworkError) return outcome.delivery === "none" ? "never sent" : outcome;
  return outcome instanceof Failure ? outcome.message : outcome;
}

const steps = fc.array(step, { maxLength: 60, size: "max" });

test("in any course of things, lanes keep their order, do not wait for one another, and every call is over once", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const model = new Model();
      for (const step of steps) await model.carryOut(step);
      await model.finish();
    }),
    { numRuns: 200 },
  );
});

test("an outbox that is closed at any moment gives up the calls that wait, lets those under way end, and every call is over once", async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, async (before, after) => {
      const model = new Model();
      const close = { do: "close" } as const;
      for (const step of [...before, close, ...after, close]) await model.carryOut(step);
      await model.finish();
    }),
    { numRuns: 200 },
  );
});

test("a stopped outbox sends nothing, takes answers, and gives up the rest when it is closed, as calls that are not told of", async () => {
  const bench = new Bench(1);
  for (const body of ["first", "second"]) bench.send("1", body);
  bench.send("2", "waits for the limiter");
  bench.send(undefined, "without a chat");
  bench.outbox.stop();
  bench.send("3", "too late");
  bench.find("first").answer("yes");
  bench.find("without a chat").fail(new Failure(1000));
  await settle();
  await bench.advance(10_000);
  assert.deepEqual(bench.out, []);
  assert.deepEqual(bench.outcomes.get("first"), ["ok:yes"]);
  assert.deepEqual(bench.quietly, ["without a chat"]);
  assert.equal(bench.outbox.pending, 3);
  bench.post("4", "in a turn that is not sent");
  bench.outbox.close();
  await bench.outbox.idle();
  const rest = ["second", "waits for the limiter", "too late", "in a turn that is not sent"];
  assert.deepEqual(bench.quietly.slice(1).sort(), rest.sort());
  for (const body of rest) assert.deepEqual(bench.outcomes.get(body)!.map(outcomeOf), ["never sent"]);
});

test("in any course of things, no call goes out while a newer one with its key waits, and every call gets one outcome", async () => {
  const KEYS = [undefined, "a", "b"];
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("post"), lane: fc.nat(1), which: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("answer"), lane: fc.nat(1), which: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("elapse"), lane: fc.nat(1), which: fc.nat() }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const bench = new Bench();
      /** Calls by their numbers, and the calls that went out so far. */
      const posted: { lane: number; key: string | undefined }[] = [];
      const last = [-1, -1];
      let seen = 0;
      const check = () => {
        const out = bench.course.filter((line) => line.startsWith("out")).map((line) => Number(line.slice(5)));
        for (const number of out.slice(seen)) {
          const { lane, key } = posted[number]!;
          assert.ok(number >= last[lane]!, `${number} goes out after ${last[lane]}`);
          last[lane] = number;
          const newer = posted.findIndex((other, i) => i > number && other.lane === lane && other.key === key);
          assert.ok(key === undefined || newer === -1, `${number} goes out although ${newer} waits`);
        }
        seen = out.length;
      };
      const carryOut = async ({ do: what, lane, which }: { do: string; lane: number; which: number }) => {
        if (what === "post") {
          posted.push({ lane, key: KEYS[which] });
          bench.send(`chat ${lane}`, `${posted.length - 1}`, KEYS[which]);
        } else if (what === "answer") {
          const item = bench.underWay[lane % bench.underWay.length];
          if (which === 0) item?.fail(new Failure());
          else if (which === 1) item?.fail(new Failure(1000));
          else item?.answer("yes");
        } else bench.pauses[which % bench.pauses.length]?.elapse();
        await settle();
        check();
      };
      for (const step of steps) await carryOut(step);
      while (bench.outbox.pending > 0) {
        await carryOut({ do: "elapse", lane: 0, which: 0 });
        await carryOut({ do: "answer", lane: 0, which: 3 });
      }
      for (const outcomes of bench.outcomes.values()) assert.equal(outcomes.length, 1);
    }),
    { numRuns: 100 },
  );
});

// ---- one at a time ---------------------------------------------------------------------------------------------------

describe("a turn", () => {
  test("a call goes out when its turn is sent, and counts from the moment in which it is posted", () => {
    const bench = new Bench();
    bench.post("1", "first");
    assert.equal(bench.outbox.pending, 1);
    const send = bench.outbox.takeTurn();
    assert.deepEqual(bench.out, []);
    assert.equal(bench.outbox.pending, 1);
    send();
    assert.deepEqual(bench.out, ["first"]);
    assert.equal(bench.outbox.pending, 1);
  });

  test("a call that is posted after the end of the turn goes out with the next turn", () => {
    const bench = new Bench();
    bench.post("1", "first");
    const send = bench.outbox.takeTurn();
    bench.post("2", "second");
    send();
    assert.deepEqual(bench.out, ["first"]);
    bench.outbox.takeTurn()();
    assert.deepEqual(bench.out, ["first", "second"]);
  });

  test("several turns may wait: each sends its own calls, in order", async () => {
    const bench = new Bench();
    const sends: (() => void)[] = [];
    for (const turn of ["first", "second", "third"]) {
      for (const lane of ["1", "2"]) bench.post(lane, `${turn} ${lane}`);
      sends.push(bench.outbox.takeTurn());
    }
    bench.post("3", "not yet");
    for (const send of sends) send();
    while (bench.underWay.length > 0) {
      bench.underWay[0]!.answer("");
      await settle();
    }
    const out = bench.course.filter((line) => line.startsWith("out")).map((line) => line.slice("out: ".length));
    for (const lane of ["1", "2"]) {
      assert.deepEqual(
        out.filter((body) => body.endsWith(lane)),
        ["first", "second", "third"].map((turn) => `${turn} ${lane}`),
      );
    }
    assert.equal(out.length, 6);
    assert.equal(bench.outbox.pending, 1);
  });

  test("a turn without calls sends nothing, even if an earlier turn waits and calls were posted since", () => {
    const bench = new Bench();
    bench.post("1", "first");
    const sends = [bench.outbox.takeTurn(), bench.outbox.takeTurn()];
    bench.post("2", "second");
    for (const send of sends) send();
    assert.deepEqual(bench.out, ["first"]);
  });
});

describe("a lane", () => {
  test("a lane sends the next call only when the one before is answered", async () => {
    const bench = new Bench();
    for (const body of ["first", "second", "third"]) bench.send("1", body);
    assert.deepEqual(bench.out, ["first"]);
    bench.find("first").answer("1");
    await settle();
    assert.deepEqual(bench.out, ["second"]);
    bench.find("second").fail(new Failure());
    await settle();
    assert.deepEqual(bench.out, ["third"]);
  });

  test("a lane does not wait for another, nor do calls without a lane", () => {
    const bench = new Bench();
    bench.send("1", "a");
    bench.send("2", "b");
    bench.send(undefined, "c");
    bench.send(undefined, "d");
    assert.deepEqual(bench.out, ["a", "b", "c", "d"]);
  });

  test("a lane that pauses holds up itself only, and repeats the call that failed before it sends the next", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.send("1", "second");
    bench.find("first").fail(new Failure(7000));
    await settle();
    assert.equal(bench.pauses[0]!.milliseconds, 7000);
    bench.send("1", "third");
    bench.send("2", "elsewhere");
    assert.deepEqual(bench.out, ["elsewhere"]);
    bench.pauses[0]!.elapse();
    assert.deepEqual(bench.out, ["elsewhere", "first"]);
    bench.find("first").answer("");
    await settle();
    assert.deepEqual(bench.out, ["elsewhere", "second"]);
  });

  test("the outcome of a call is known before the next call of its lane goes out", async () => {
    const bench = new Bench();
    for (const body of ["first", "second", "third"]) bench.send("1", body);
    bench.find("first").fail(new Failure());
    await settle();
    bench.find("second").answer("");
    await settle();
    assert.deepEqual(bench.course, ["out: first", "over: first", "out: second", "over: second", "out: third"]);
  });

  test("a lane that is empty is forgotten, and begins anew", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.find("first").answer("");
    await settle();
    bench.send("1", "second");
    assert.deepEqual(bench.out, ["second"]);
  });
});

describe("when calls have to wait for the limit of all chats", () => {
  test("they go out one after another, while calls that go to no chat do not wait, and one timer is set", async () => {
    const bench = new Bench(10);
    for (const lane of ["1", "2", "3"]) for (const body of ["first", "second"]) bench.send(lane, `${lane} ${body}`);
    bench.send(undefined, "no chat");
    assert.deepEqual(bench.out, ["1 first", "no chat"]);
    assert.deepEqual([bench.pauses.length, bench.outbox.paused], [1, 2]);
    await bench.advance(100);
    assert.deepEqual(bench.out, ["1 first", "no chat", "2 first"]);
    bench.find("1 first").answer("");
    await settle();
    await bench.advance(100);
    await bench.advance(100);
    assert.deepEqual(bench.out, ["no chat", "2 first", "3 first", "1 second"]);
  });

  test("a lane whose turn has come goes behind those that wait: no chat starves", async () => {
    const bench = new Bench(10);
    for (const lane of ["1", "2", "3"]) for (let i = 1; i <= 3; i++) bench.send(lane, `${lane}.${i}`);
    for (let turn = 0; turn < 9; turn++) {
      for (const { answer } of [...bench.underWay]) answer("");
      await settle();
      await bench.advance(100);
    }
    const out = bench.course.filter((line) => line.startsWith("out")).map((line) => line.slice("out: ".length));
    assert.deepEqual(out, ["1.1", "2.1", "3.1", "1.2", "2.2", "3.2", "1.3", "2.3", "3.3"]);
  });

  test("bulk waits behind the others", async () => {
    const bench = new Bench(10);
    bench.send("1", "now");
    for (const lane of ["2", "3"]) bench.sendBulk(lane, `${lane} bulk`);
    for (const lane of ["4", "5"]) bench.send(lane, lane);
    for (let turn = 0; turn < 4; turn++) await bench.advance(100);
    assert.deepEqual(bench.out, ["now", "4", "5", "2 bulk", "3 bulk"]);
  });

  test("bulk does not wait if another call waits behind it in its lane", async () => {
    const bench = new Bench(10);
    bench.send("1", "now");
    for (const lane of ["2", "3", "4"]) bench.sendBulk(lane, `${lane} bulk`);
    bench.send("3", "3 reply");
    bench.sendBulk("4", "4 more bulk");
    await bench.advance(100);
    assert.deepEqual(bench.out, ["now", "3 bulk"]);
    bench.find("3 bulk").answer("");
    await settle();
    for (let turn = 0; turn < 3; turn++) await bench.advance(100);
    assert.deepEqual(bench.out, ["now", "3 reply", "2 bulk", "4 bulk"]);
  });

  test("bulk that comes back from a wait of its own goes first, too, if another call waits behind it", async () => {
    const bench = new Bench(10);
    bench.sendBulk("1", "1 bulk");
    bench.find("1 bulk").fail(new Refusal(50));
    await settle();
    bench.sendBulk("2", "2 bulk");
    bench.send("1", "1 reply");
    await bench.advance(100);
    assert.deepEqual(bench.out, ["1 bulk"]);
  });

  test("an edit that is no bulk takes the place of waiting bulk with it", async () => {
    const bench = new Bench(10);
    bench.send("1", "now");
    bench.sendBulk("2", "2 bulk");
    bench.post("3", "stale", "key", true);
    bench.outbox.takeTurn()();
    bench.send("3", "newer", "key");
    await bench.advance(100);
    assert.deepEqual(bench.out, ["now", "newer"]);
  });

  test("they are told that they wait, and given up when the outbox is closed", async () => {
    const bench = new Bench(10);
    for (const lane of ["1", "2"]) bench.send(lane, `to ${lane}`);
    bench.sendBulk("3", "to 3");
    assert.deepEqual([...bench.delayed], ["to 2", "to 3"]);
    bench.outbox.close();
    bench.find("to 1").answer("");
    await bench.outbox.idle();
    for (const body of ["to 2", "to 3"]) assert.deepEqual(bench.outcomes.get(body)!.map(outcomeOf), ["never sent"]);
    assert.equal(bench.pauses.length, 0);
  });
});

describe("chats that are refused", () => {
  /** Chats with a call each that is refused, one after another. */
  async function refuse(bench: Bench, chats: number, interval: number, error: () => Error = () => new Refusal()) {
    for (let chat = 1; chat <= chats; chat++) {
      bench.send(`${chat}`, `to ${chat}`);
      bench.find(`to ${chat}`).fail(error());
      await settle();
      bench.now += interval;
    }
  }

  test("each waits as it was told, and no other chat does", async () => {
    const bench = new Bench();
    await refuse(bench, 6, 0, () => new Refusal(3_600_000));
    bench.send("another", "at once");
    assert.deepEqual(bench.out, ["at once"]);
    assert.deepEqual(
      bench.pauses.map(({ milliseconds }) => milliseconds),
      Array(6).fill(3_600_000),
    );
    assert.equal(bench.outbox.isPaused("1"), true);
    assert.equal(bench.outbox.isPaused("another"), false);
  });

  test("if most answers of a second are refusals, calls go out one after another from then on", async () => {
    const bench = new Bench();
    await refuse(bench, 12, 0);
    await bench.advance(1000);
    for (const lane of ["a", "b", "c"]) bench.send(lane, lane);
    assert.deepEqual(bench.out, ["a"]);
    await bench.advance(34);
    assert.deepEqual(bench.out, ["a", "b"]);
  });

  test("if nothing but refusals comes, one call tries, and its success lets the others go", async () => {
    const bench = new Bench();
    await refuse(bench, 10, 30);
    assert.equal(bench.outbox.isPaused("another"), true);
    for (const lane of ["a", "b", "c"]) bench.send(lane, lane);
    assert.deepEqual(bench.out, ["a"]);
    await bench.advance(400);
    assert.deepEqual(bench.out, ["a"]);
    bench.find("a").answer("");
    await settle();
    assert.deepEqual(bench.out, ["b", "c"]);
  });

  test("a refusal of another kind shows as well as a success that Telegram takes calls; a lost connection does not", async () => {
    const bench = new Bench();
    await refuse(bench, 10, 30);
    for (const lane of ["a", "b", "c"]) bench.send(lane, lane);
    bench.find("a").fail(new NetworkError("sendMessage", "unknown", "ECONNRESET"));
    await settle();
    assert.deepEqual(bench.out, []);
    await bench.advance(500);
    bench.find("b").fail(new TelegramError("sendMessage", 403, "Forbidden", {}));
    await settle();
    assert.deepEqual(bench.out, ["c"]);
  });

  test("a wait of more than a minute is told once, and again after the call is over", async () => {
    const bench = new Bench();
    for (const body of ["first", "second"]) bench.send("1", body);
    for (let i = 0; i < 8; i++) {
      bench.find("first").fail(new Refusal());
      await settle();
      await bench.advance(10_000);
    }
    assert.deepEqual(bench.told, [["1", 70]]);
    bench.find("first").answer("");
    await settle();
    bench.find("second").fail(new Refusal(100_000));
    await settle();
    assert.deepEqual(bench.told, [
      ["1", 70],
      ["1", 100],
    ]);
  });
});

describe("calls of which only the newest is made", () => {
  /** Answers every call that goes out, and ends every pause, until nothing is pending. @returns what went out */
  async function drain(bench: Bench): Promise<string[]> {
    const out: string[] = [];
    while (bench.outbox.pending > 0) {
      for (const pause of [...bench.pauses]) pause.elapse();
      for (const { call, answer } of [...bench.underWay]) {
        out.push(call.body);
        answer(`to ${call.body}`);
      }
      await settle();
    }
    return out;
  }

  test("of two waiting calls with one key the older is not made, and both get the newer's answer", async () => {
    const bench = new Bench();
    bench.send("1", "first", "key");
    bench.send("1", "stale", "key");
    bench.send("1", "newer", "key");
    assert.deepEqual(bench.superseded, ["stale"]);
    assert.equal(bench.outbox.pending, 2);
    assert.deepEqual(await drain(bench), ["first", "newer"]);
    assert.deepEqual(bench.outcomes.get("first"), ["ok:to first"]);
    for (const body of ["stale", "newer"]) assert.deepEqual(bench.outcomes.get(body), ["ok:to newer"]);
  });

  test("a call under way gets its own answer, and the newer one is made after it", async () => {
    const bench = new Bench();
    bench.send("1", "first", "key");
    bench.send("1", "newer", "key");
    const failure = new Failure();
    bench.find("first").fail(failure);
    await settle();
    assert.deepEqual(bench.outcomes.get("first"), [failure]);
    assert.deepEqual(bench.out, ["newer"]);
  });

  test("the newer call keeps its place behind the messages that were sent before it", async () => {
    const bench = new Bench();
    bench.send("1", "busy");
    bench.send("1", "edit 1", "key");
    bench.send("1", "message");
    bench.send("1", "edit 2", "key");
    bench.send("1", "last");
    assert.deepEqual(await drain(bench), ["busy", "message", "edit 2", "last"]);
  });

  test("calls with other keys, without one, or of other lanes are made", async () => {
    const bench = new Bench();
    for (const lane of ["1", "2"]) {
      bench.send(lane, `${lane} busy`);
      bench.send(lane, `${lane} a`, "a");
      bench.send(lane, `${lane} b`, "b");
      bench.send(lane, `${lane} plain`);
    }
    assert.equal((await drain(bench)).length, 8);
  });

  test("a newer call takes over the wait of the call that is to be repeated, which is never repeated", async () => {
    const bench = new Bench();
    bench.send("1", "stale", "key");
    bench.find("stale").fail(new Refusal());
    await settle();
    for (const body of ["newer", "newest"]) bench.send("1", body, "key");
    assert.equal(bench.pauses.length, 1);
    assert.deepEqual(bench.out, []);
    bench.pauses[0]!.elapse();
    assert.deepEqual(bench.out, ["newest"]);
    bench.find("newest").answer("yes");
    await settle();
    for (const body of ["stale", "newer", "newest"]) assert.deepEqual(bench.outcomes.get(body), ["ok:yes"]);
    assert.equal(bench.outbox.pending, 0);
  });

  test("a call that fails while a newer one waits already is not repeated", async () => {
    const bench = new Bench();
    bench.send("1", "stale", "key");
    bench.send("1", "message");
    bench.send("1", "newer", "key");
    bench.find("stale").fail(new Refusal());
    await settle();
    assert.deepEqual(bench.superseded, ["stale"]);
    bench.pauses[0]!.elapse();
    assert.deepEqual(bench.out, ["message"]);
    assert.deepEqual(await drain(bench), ["message", "newer"]);
    assert.deepEqual(bench.outcomes.get("stale"), ["ok:to newer"]);
  });

  test("calls that replace one another count their attempts together; a message begins anew", async () => {
    const bench = new Bench();
    bench.send("1", "edit 1", "key");
    bench.find("edit 1").fail(new Failure(100));
    await settle();
    bench.send("1", "edit 2", "key");
    bench.pauses[0]!.elapse();
    bench.find("edit 2").fail(new Failure(100));
    await settle();
    bench.send("1", "message");
    bench.send("1", "edit 3", "key");
    bench.pauses[0]!.elapse();
    bench.find("message").fail(new Failure());
    await settle();
    assert.deepEqual(
      bench.judged.map(({ attempt }) => attempt),
      [1, 2, 1],
    );
  });

  test("all of them get the error if the newest fails, and if the outbox is closed", async () => {
    const bench = new Bench();
    for (const lane of ["1", "2"]) {
      bench.send(lane, `${lane} busy`);
      for (const body of ["stale", "newer"]) bench.send(lane, `${lane} ${body}`, "key");
    }
    bench.find("1 busy").answer("");
    await settle();
    bench.find("1 newer").fail(new Failure());
    await settle();
    bench.find("2 busy").fail(new Failure(1000));
    await settle();
    bench.outbox.close();
    await bench.outbox.idle();
    const outcomes = (body: string) => bench.outcomes.get(body)!.map(outcomeOf);
    for (const body of ["1 stale", "1 newer"]) assert.deepEqual(outcomes(body), ["for good"]);
    for (const body of ["2 stale", "2 newer"]) assert.deepEqual(outcomes(body), ["never sent"]);
  });

  test("a call that an error shows to be needless gets the verdict's answer, and so does the one it superseded", async () => {
    const bench = new Bench();
    bench.send("1", "busy");
    for (const body of ["stale", "newer"]) bench.send("1", body, "key");
    bench.find("busy").answer("");
    await settle();
    bench.find("newer").fail(new Unchanged());
    await settle();
    for (const body of ["stale", "newer"]) assert.deepEqual(bench.outcomes.get(body), ["ok:unchanged"]);
  });

  test("a stream of 20 edits a second under a 429: at the end of the wait the newest goes out, and none before it", async () => {
    const bench = new Bench();
    bench.send("1", "edit 0", "key");
    bench.find("edit 0").fail(new Refusal());
    await settle();
    for (let i = 1; i <= 200; i++) bench.send("1", `edit ${i}`, "key");
    assert.equal(bench.pauses.length, 1);
    bench.pauses[0]!.elapse();
    // Not a moment later: no call is before it.
    assert.deepEqual(bench.out, ["edit 200"]);
    bench.find("edit 200").answer("yes");
    await settle();
    assert.deepEqual(bench.out, []);
    assert.equal(bench.outbox.pending, 0);
    for (const outcomes of bench.outcomes.values()) assert.deepEqual(outcomes, ["ok:yes"]);
  });
});

describe("a call that Telegram makes wait", () => {
  test("the refused call, the calls behind it and those that come later are told; other lanes are not", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.send("1", "second");
    bench.send("2", "elsewhere");
    bench.find("first").fail(new Refusal());
    await settle();
    bench.send("1", "third");
    assert.deepEqual([...bench.delayed], ["first", "second", "third"]);
  });

  test("a call that waits after a failure of the network is not told", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.find("first").fail(new Failure(1000));
    await settle();
    bench.send("1", "second");
    assert.deepEqual([...bench.delayed], []);
  });

  test("calls that wait for the limiter are told", () => {
    const bench = new Bench(10);
    for (const lane of ["1", "2"]) bench.send(lane, lane);
    assert.deepEqual([...bench.delayed], ["2"]);
  });

  test("a lane is paused from the refusal to the end of the wait, and no other is", async () => {
    const bench = new Bench();
    bench.send("1", "1");
    assert.equal(bench.outbox.isPaused("1"), false);
    bench.find("1").fail(new Refusal());
    await settle();
    assert.equal(bench.outbox.isPaused("1"), true);
    assert.equal(bench.outbox.isPaused("2"), false);
    await bench.advance(10_000);
    assert.equal(bench.outbox.isPaused("1"), false);
  });
});

describe("a group that has become a supergroup", () => {
  const GROUP = -4_123_456;
  const SUPERGROUP = -1_001_234_567_890;

  /** Makes a call; the answer is that the group has moved. */
  async function moved(parameters: object): Promise<{ bench: Bench; body: string }> {
    const bench = new Bench();
    const body = JSON.stringify(parameters);
    bench.send(`${GROUP}`, body);
    bench.send(`${GROUP}`, "next");
    bench.find(body).fail(new Moved(SUPERGROUP));
    await settle();
    return { bench, body };
  }

  test("the supergroup gets the call, and then the next, and the caller gets the answer as ever", async () => {
    const { bench, body } = await moved({ chat_id: GROUP, text: "hello" });
    assert.deepEqual(bench.out, [JSON.stringify({ chat_id: SUPERGROUP, text: "hello" })]);
    bench.underWay[0]!.answer("sent");
    await settle();
    assert.deepEqual(bench.outcomes.get(body), ["ok:sent"]);
    assert.deepEqual(bench.out, ["next"]);
  });

  test("a call to the supergroup that has to wait gives way to a newer one, whose answer its caller gets", async () => {
    const bench = new Bench();
    const [older, newer] = [1, 2].map((text) => JSON.stringify({ chat_id: GROUP, text })) as [string, string];
    bench.send(`${GROUP}`, older, "key");
    bench.find(older).fail(new Moved(SUPERGROUP));
    await settle();
    bench.underWay[0]!.fail(new Refusal());
    await settle();
    bench.send(`${GROUP}`, newer, "key");
    assert.deepEqual([...bench.delayed], [older, newer]);
    assert.deepEqual(bench.superseded, [older]);
    bench.pauses[0]!.elapse();
    bench.find(newer).answer("yes");
    await settle();
    for (const body of [older, newer]) assert.deepEqual(bench.outcomes.get(body), ["ok:yes"]);
  });

  test("a call to the supergroup is repeated and given up as any other", async () => {
    const { bench, body } = await moved({ chat_id: GROUP, text: "hello" });
    bench.underWay[0]!.fail(new Failure(500));
    await settle();
    bench.pauses[0]!.elapse();
    const failure = new Failure();
    bench.underWay[0]!.fail(failure);
    await settle();
    assert.deepEqual(bench.outcomes.get(body), [failure]);
    assert.deepEqual(
      bench.judged.map(({ attempt }) => attempt),
      [1, 2, 3],
    );
  });

  const others: [what: string, parameters: object][] = [
    ["no chat at all", { text: "hello" }],
    ["a private chat", { chat_id: 7 }],
    ["a supergroup", { chat_id: SUPERGROUP }],
    ["a channel by its name", { chat_id: "@channel" }],
    ["a group, but from a group", { chat_id: GROUP, from_chat_id: -555 }],
    [
      "a group, but in reply to another's message",
      { chat_id: GROUP, reply_parameters: { chat_id: -555, message_id: 1 } },
    ],
  ];
  for (const [what, parameters] of others) {
    test(`the supergroup gets no call that went to ${what}`, async () => {
      const { bench, body } = await moved(parameters);
      assert.ok(bench.outcomes.get(body)![0] instanceof Moved);
      assert.deepEqual(bench.out, ["next"]);
    });
  }

  test("the supergroup gets messages that are copied from a private chat, a channel or a supergroup", async () => {
    for (const from_chat_id of [7, "@channel", SUPERGROUP]) {
      const { bench } = await moved({ chat_id: GROUP, from_chat_id, message_id: 1 });
      assert.deepEqual(bench.out, [JSON.stringify({ chat_id: SUPERGROUP, from_chat_id, message_id: 1 })]);
    }
  });
});

describe("close()", () => {
  test("close() tells the caller of a call that waits to be repeated, and of those behind it, that it was not sent", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.send("1", "second");
    bench.find("first").fail(new Failure(1000));
    await settle();
    bench.outbox.close();
    await bench.outbox.idle();
    for (const body of ["first", "second"]) {
      const [error] = bench.outcomes.get(body)! as [NetworkError];
      assert.ok(error instanceof NetworkError);
      assert.equal(error.delivery, "none");
      assert.match(error.message, /the server is stopping/);
    }
    assert.equal(bench.pauses.length, 0);
  });

  test("close() gives up calls whose turn is not sent yet", async () => {
    const bench = new Bench();
    bench.post("1", "of an ended turn");
    const send = bench.outbox.takeTurn();
    bench.post(undefined, "of this turn");
    bench.outbox.close();
    await bench.outbox.idle();
    send();
    bench.outbox.takeTurn()();
    assert.deepEqual([...bench.outcomes.values()].flat().map(outcomeOf), ["never sent", "never sent"]);
    assert.deepEqual(bench.out, []);
  });

  test("close() gives up calls that are posted later when their turn is sent", async () => {
    const bench = new Bench();
    bench.outbox.close();
    bench.post("1", "too late");
    const idle = bench.outbox.idle();
    bench.outbox.takeTurn()();
    await idle;
    assert.deepEqual(bench.outcomes.get("too late")!.map(outcomeOf), ["never sent"]);
  });

  test("close() lets calls under way end by themselves, and repeats none of them", async () => {
    const bench = new Bench();
    bench.send("1", "first");
    bench.send("2", "second");
    bench.outbox.close();
    assert.deepEqual(bench.out, ["first", "second"]);
    bench.find("first").answer("yes");
    const failure = new Failure(1000);
    bench.find("second").fail(failure);
    await bench.outbox.idle();
    assert.deepEqual(bench.outcomes.get("first"), ["ok:yes"]);
    assert.deepEqual(bench.outcomes.get("second"), [failure]);
  });

  test("close() gives up all calls of a very long lane", async () => {
    const bench = new Bench();
    const calls = 50_000;
    for (let i = 0; i < calls; i++) bench.send("1", `${i}`);
    bench.find("0").fail(new Failure(1000));
    await settle();
    bench.outbox.close();
    await bench.outbox.idle();
    for (const outcomes of bench.outcomes.values()) assert.equal(outcomes.length, 1);
    assert.equal(bench.outcomes.size, calls);
  });
});

describe("idle()", () => {
  test("idle() resolves at once if nothing is pending", async () => {
    await new Bench().outbox.idle();
  });

  test("idle() waits for calls whose turn is not sent yet", async () => {
    const bench = new Bench();
    bench.post("1", "first");
    const idle = bench.outbox.idle();
    assert.equal(await isSettled(idle), false);
    bench.outbox.takeTurn()();
    bench.find("first").answer("");
    await idle;
  });

  test("idle() waits for calls in line and for calls to be repeated", async () => {
    const bench = new Bench();
    let idle = false;
    bench.send("1", "first");
    bench.send("1", "second");
    const whenIdle = bench.outbox.idle().then(() => {
      idle = true;
    });
    bench.find("first").fail(new Failure(1000));
    await settle();
    assert.equal(idle, false);
    bench.pauses[0]!.elapse();
    bench.find("first").answer("");
    await settle();
    assert.equal(idle, false);
    assert.equal(bench.outbox.pending, 1);
    bench.find("second").answer("");
    await whenIdle;
    assert.equal(bench.outbox.pending, 0);
  });
});

test("an outbox without a wait() of the test's uses a timer", async () => {
  let calls = 0;
  const outbox = new Outbox({
    request: () => (++calls < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve("at last")),
    judge: () => ({ action: "again", after: 1 }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  outbox.post({ call: { method: "getMe", lane: undefined, body: "{}" }, succeeded: resolve, failed: reject });
  outbox.takeTurn()();
  assert.equal(await promise, "at last");
  await outbox.idle();
});

test("the call behind another one goes out when the answer to that is on record", async () => {
  const said: string[] = [];
  const recorded = Promise.withResolvers<void>();
  const outbox = new Outbox({
    request: async ({ method }) => {
      said.push(method);
      return "{}";
    },
    judge: () => ({ action: "reject" }),
    onNext: (work) => void recorded.promise.then(work),
  });
  for (const method of ["one", "two"]) {
    const call = { method, lane: "1", body: "{}" };
    outbox.post({ call, succeeded: () => said.push(`${method} is answered`), failed: () => {} });
  }
  outbox.takeTurn()();
  await settle();
  assert.deepEqual(said, ["one", "one is answered"]);
  recorded.resolve();
  await outbox.idle();
  assert.deepEqual(said, ["one", "one is answered", "two", "two is answered"]);
});

test("a call whose lane waits for a record is given up at the end", async () => {
  const outbox = new Outbox({ request: async () => "{}", judge: () => ({ action: "reject" }), onNext: () => {} });
  const failed = Promise.withResolvers<unknown>();
  for (const reject of [assert.fail, failed.resolve]) {
    outbox.post({ call: { method: "getMe", lane: "1", body: "{}" }, succeeded: () => {}, failed: reject });
  }
  outbox.takeTurn()();
  await settle();
  outbox.close();
  assert.ok((await failed.promise) instanceof NetworkError);
  await outbox.idle();
});

test("a pause that is given up leaves no timer behind", async () => {
  const outbox = new Outbox({
    request: () => Promise.reject(new Error("no")),
    judge: () => ({ action: "again", after: 3_600_000 }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  outbox.post({ call: { method: "getMe", lane: "1", body: "{}" }, succeeded: reject, failed: resolve });
  outbox.takeTurn()();
  await settle();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  outbox.close();
  assert.ok((await promise) instanceof NetworkError);
  assert.equal(timers(), before - 1);
});
