import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as settle } from "node:timers/promises";
import fc from "fast-check";
import { NetworkError } from "../../src/protocol/errors.ts";
import type { Answer, Call } from "../../src/protocol/port.ts";
import { Limiter } from "../../src/sends/limiter.ts";
import { type Job, Outbox } from "../../src/sends/outbox.ts";

/** A failure, and what shall be made of it. */
class Failure extends Error {
  readonly again: number | undefined;
  constructor(again?: number) {
    super(again === undefined ? "for good" : "for now");
    this.again = again;
  }
}

/** Telegram has had too much. */
class Refusal extends Error {}

/** The group has become another. */
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
  milliseconds: number;
  elapse(): void;
}

/** An outbox whose calls are answered, and whose waiting is ended, by the test. */
class Bench {
  readonly underWay: UnderWay[] = [];
  readonly pauses: Pause[] = [];
  readonly judged: { error: unknown; method: string; attempt: number }[] = [];
  /** What has been told of each call, by its body: `ok:<answer>`, or the error. */
  readonly told = new Map<string, unknown[]>();
  now = 0;

  readonly outbox = new Outbox({
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
      return promise;
    },
    judge: (error, { method }, attempt) => {
      this.judged.push({ error, method, attempt });
      if (error instanceof Refusal) return { action: "again", after: 10_000, refused: true };
      if (error instanceof Moved) return { action: "redirect", chat_id: error.to };
      const after = (error as Failure).again;
      return after === undefined ? { action: "reject" } : { action: "again", after };
    },
    limiter: new Limiter({ now: () => this.now }),
    wait: (milliseconds, done) => {
      const over = () => this.pauses.splice(this.pauses.indexOf(pause), 1);
      const pause: Pause = {
        milliseconds,
        elapse: () => {
          over();
          done();
        },
      };
      this.pauses.push(pause);
      return over;
    },
  });

  post(lane: string | undefined, body: string): void {
    this.told.set(body, []);
    const job: Job = {
      call: { method: "sendMessage", lane, body },
      succeeded: (answer) => this.told.get(body)!.push(`ok:${answer}`),
      failed: (error) => this.told.get(body)!.push(error),
    };
    this.outbox.post(job);
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
  | { do: "answer"; which: number }
  | { do: "fail"; which: number; again: boolean }
  | { do: "elapse"; which: number }
  | { do: "close" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("post" as const), lane: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("fail" as const), which: fc.nat(), again: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("elapse" as const), which: fc.nat() }) },
);

/** Lane 0 stands for no lane at all. */
const laneName = (lane: number) => (lane === 0 ? undefined : `chat ${lane}`);

class Model {
  readonly bench = new Bench();
  /** Calls not told of yet, by lane, in the order in which they were made. */
  readonly #lines = new Map<number, string[]>();
  readonly #expected = new Map<string, string>();
  readonly #paused = new Map<Pause, string>();
  readonly #attempts = new Map<string, number>();
  #closed = false;
  #posted = 0;

  async carryOut(step: Step): Promise<void> {
    const { bench } = this;
    switch (step.do) {
      case "post": {
        const body = `${step.lane}:${++this.#posted}`;
        this.#line(step.lane).push(body);
        bench.post(laneName(step.lane), body);
        if (this.#closed && step.lane === 0) this.#over(body, "never sent");
        if (this.#closed && this.#line(step.lane)[0] === body) this.#over(body, "never sent");
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
        for (const body of this.#paused.values()) this.#over(body, "never sent");
        this.#paused.clear();
        bench.outbox.close();
      }
    }
    await settle();
    this.#check();
  }

  /** Answers whatever is still there. */
  async finish(): Promise<void> {
    const idle = this.bench.outbox.idle();
    while (this.bench.outbox.pending > 0) {
      const before = this.bench.outbox.pending;
      while (this.bench.pauses.length > 0) await this.carryOut({ do: "elapse", which: 0 });
      while (this.bench.underWay.length > 0) await this.carryOut({ do: "answer", which: 0 });
      assert.ok(this.bench.outbox.pending < before, "some calls are never made");
    }
    await idle;
    for (const [body, told] of this.bench.told) assert.equal(told.length, 1, `${body} was told ${told.length} times`);
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

  /** The call is told of. Once closed, so is everything behind it in its lane. */
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
    // Of each lane the first call is under way or waits to be repeated; without a lane, every one.
    const heads = [...this.#lines].flatMap(([lane, line]) => (lane === 0 ? line : line.slice(0, 1)));
    assert.deepEqual([...bench.out, ...paused].sort(), heads.sort());
    assert.equal(bench.outbox.pending, [...this.#lines.values()].flat().length);
    for (const [body, told] of bench.told) {
      const outcome = this.#expected.get(body);
      assert.deepEqual(told.map(outcomeOf), outcome === undefined ? [] : [outcome], body);
    }
  }
}

function outcomeOf(told: unknown): unknown {
  if (told instanceof NetworkError) return told.delivery === "none" ? "never sent" : told;
  return told instanceof Failure ? told.message : told;
}

const steps = fc.array(step, { maxLength: 60, size: "max" });

test("whatever happens, lanes keep their order, do not wait for one another, and every call is told of once", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const model = new Model();
      for (const step of steps) await model.carryOut(step);
      await model.finish();
    }),
    { numRuns: 150 },
  );
});

test("whenever it is closed, what waits is given up, what is under way ends, and every call is told of once", async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, async (before, after) => {
      const model = new Model();
      const close = { do: "close" } as const;
      for (const step of [...before, close, ...after, close]) await model.carryOut(step);
      await model.finish();
    }),
    { numRuns: 150 },
  );
});

// ---- one at a time ---------------------------------------------------------------------------------------------------

describe("a lane", () => {
  test("sends the next call only when the one before has been answered", async () => {
    const bench = new Bench();
    for (const body of ["first", "second", "third"]) bench.post("1", body);
    assert.deepEqual(bench.out, ["first"]);
    bench.find("first").answer("1");
    await settle();
    assert.deepEqual(bench.out, ["second"]);
    bench.find("second").fail(new Failure());
    await settle();
    assert.deepEqual(bench.out, ["third"]);
  });

  test("does not wait for another, nor do calls without one", () => {
    const bench = new Bench();
    bench.post("1", "a");
    bench.post("2", "b");
    bench.post(undefined, "c");
    bench.post(undefined, "d");
    assert.deepEqual(bench.out, ["a", "b", "c", "d"]);
  });

  test("that pauses holds only itself, and repeats the call that failed before it sends the next", async () => {
    const bench = new Bench();
    bench.post("1", "first");
    bench.post("1", "second");
    bench.find("first").fail(new Failure(7000));
    await settle();
    assert.equal(bench.pauses[0]!.milliseconds, 7000);
    bench.post("1", "third");
    bench.post("2", "elsewhere");
    assert.deepEqual(bench.out, ["elsewhere"]);
    bench.pauses[0]!.elapse();
    assert.deepEqual(bench.out, ["elsewhere", "first"]);
    bench.find("first").answer("");
    await settle();
    assert.deepEqual(bench.out, ["elsewhere", "second"]);
  });

  test("is forgotten when it is empty, and begins anew", async () => {
    const bench = new Bench();
    bench.post("1", "first");
    bench.find("first").answer("");
    await settle();
    bench.post("1", "second");
    assert.deepEqual(bench.out, ["second"]);
  });
});

describe("when many chats are refused at once", () => {
  /** Five chats have been refused, which each have two calls. */
  async function refused(): Promise<Bench> {
    const bench = new Bench();
    for (const lane of ["1", "2", "3", "4", "5"])
      for (const body of ["first", "second"]) bench.post(lane, `${lane} ${body}`);
    for (const body of bench.out) bench.find(body).fail(new Refusal());
    await settle();
    return bench;
  }

  test("the others wait as well, but for calls that go to no chat", async () => {
    const bench = await refused();
    bench.post("6", "another chat");
    bench.post(undefined, "no chat");
    assert.deepEqual(bench.out, ["no chat"]);
    assert.equal(bench.pauses.at(-1)!.milliseconds, 10_000);
    bench.now = 10_000;
    bench.pauses.at(-1)!.elapse();
    assert.deepEqual(bench.out, ["no chat", "another chat"]);
  });

  test("all go in the end, each chat's in order, and no faster than is good", async () => {
    const bench = await refused();
    const begun: string[] = [];
    while (bench.outbox.pending > 0) {
      const next = bench.pauses.reduce(
        (one, other) => (other.milliseconds < one.milliseconds ? other : one),
        bench.pauses[0]!,
      );
      if (next !== undefined) {
        for (const pause of bench.pauses) if (pause !== next) pause.milliseconds -= next.milliseconds;
        bench.now += next.milliseconds;
        next.elapse();
      }
      for (const { call, answer } of [...bench.underWay]) {
        begun.push(`${call.body} at ${Math.round(bench.now)}`);
        answer("");
      }
      await settle();
    }
    for (const lane of ["1", "2", "3", "4", "5"]) {
      assert.deepEqual(
        begun.filter((line) => line.startsWith(lane)).map((line) => line.split(" ")[1]),
        ["first", "second"],
      );
    }
    assert.ok(bench.now >= 10_000 + 4 * 33 && bench.now < 11_000, `${begun}`);
  });

  test("those whose turn has come wait on if meanwhile as many were refused again", async () => {
    const bench = await refused();
    bench.post("6", "another chat");
    const another = bench.pauses.at(-1)!;
    bench.now = 10_200;
    for (const pause of bench.pauses.slice(0, 5)) pause.elapse();
    while (bench.pauses.length > 1) bench.pauses.find((pause) => pause !== another)!.elapse();
    for (const { fail } of [...bench.underWay]) fail(new Refusal());
    await settle();
    another.elapse();
    assert.deepEqual(bench.out, []);
    assert.ok(bench.pauses.at(-1)!.milliseconds >= 10_000);
  });

  test("those who wait for their turn are given up when it is closed", async () => {
    const bench = await refused();
    bench.post("6", "another chat");
    bench.outbox.close();
    await bench.outbox.idle();
    assert.deepEqual(bench.told.get("another chat")!.map(outcomeOf), ["never sent"]);
    assert.equal(bench.pauses.length, 0);
  });
});

describe("a group that has become a supergroup", () => {
  const GROUP = -4_123_456;
  const SUPERGROUP = -1_001_234_567_890;

  /** Makes the call, which is told that the group has moved. */
  async function moved(parameters: object): Promise<{ bench: Bench; body: string }> {
    const bench = new Bench();
    const body = JSON.stringify(parameters);
    bench.post(`${GROUP}`, body);
    bench.post(`${GROUP}`, "next");
    bench.find(body).fail(new Moved(SUPERGROUP));
    await settle();
    return { bench, body };
  }

  test("gets the call, and then the next, and the caller is told as if nothing had been", async () => {
    const { bench, body } = await moved({ chat_id: GROUP, text: "hello" });
    assert.deepEqual(bench.out, [JSON.stringify({ chat_id: SUPERGROUP, text: "hello" })]);
    bench.underWay[0]!.answer("sent");
    await settle();
    assert.deepEqual(bench.told.get(body), ["ok:sent"]);
    assert.deepEqual(bench.out, ["next"]);
  });

  test("gets it once it can: the call is repeated and given up as any other", async () => {
    const { bench, body } = await moved({ chat_id: GROUP, text: "hello" });
    bench.underWay[0]!.fail(new Failure(500));
    await settle();
    bench.pauses[0]!.elapse();
    const failure = new Failure();
    bench.underWay[0]!.fail(failure);
    await settle();
    assert.deepEqual(bench.told.get(body), [failure]);
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
    test(`gets nothing that went to ${what}`, async () => {
      const { bench, body } = await moved(parameters);
      assert.ok(bench.told.get(body)![0] instanceof Moved);
      assert.deepEqual(bench.out, ["next"]);
    });
  }

  test("gets what is copied to it from a private chat, a channel or a supergroup", async () => {
    for (const from_chat_id of [7, "@channel", SUPERGROUP]) {
      const { bench } = await moved({ chat_id: GROUP, from_chat_id, message_id: 1 });
      assert.deepEqual(bench.out, [JSON.stringify({ chat_id: SUPERGROUP, from_chat_id, message_id: 1 })]);
    }
  });
});

describe("close()", () => {
  test("tells what waits to be repeated, and what is behind it, that it was not sent", async () => {
    const bench = new Bench();
    bench.post("1", "first");
    bench.post("1", "second");
    bench.find("first").fail(new Failure(1000));
    await settle();
    bench.outbox.close();
    await bench.outbox.idle();
    for (const body of ["first", "second"]) {
      const [error] = bench.told.get(body)! as [NetworkError];
      assert.ok(error instanceof NetworkError);
      assert.equal(error.delivery, "none");
      assert.match(error.message, /the server is stopping/);
    }
    assert.equal(bench.pauses.length, 0);
  });

  test("leaves what is under way to end by itself, and repeats it no more", async () => {
    const bench = new Bench();
    bench.post("1", "first");
    bench.post("2", "second");
    bench.outbox.close();
    assert.deepEqual(bench.out, ["first", "second"]);
    bench.find("first").answer("yes");
    const failure = new Failure(1000);
    bench.find("second").fail(failure);
    await bench.outbox.idle();
    assert.deepEqual(bench.told.get("first"), ["ok:yes"]);
    assert.deepEqual(bench.told.get("second"), [failure]);
  });

  test("is heard by all of a very long lane", async () => {
    const bench = new Bench();
    const calls = 50_000;
    for (let i = 0; i < calls; i++) bench.post("1", `${i}`);
    bench.find("0").fail(new Failure(1000));
    await settle();
    bench.outbox.close();
    await bench.outbox.idle();
    for (const told of bench.told.values()) assert.equal(told.length, 1);
    assert.equal(bench.told.size, calls);
  });
});

describe("idle()", () => {
  test("resolves at once where nothing is pending", async () => {
    await new Bench().outbox.idle();
  });

  test("waits for calls in line and for calls to be repeated", async () => {
    const bench = new Bench();
    let idle = false;
    bench.post("1", "first");
    bench.post("1", "second");
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

test("without a clock of its own to wait with, the outbox uses a timer", async () => {
  let calls = 0;
  const outbox = new Outbox({
    request: () => (++calls < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve("at last")),
    judge: () => ({ action: "again", after: 1 }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  outbox.post({ call: { method: "getMe", lane: undefined, body: "{}" }, succeeded: resolve, failed: reject });
  assert.equal(await promise, "at last");
  await outbox.idle();
});

test("a pause that is given up keeps no timer", async () => {
  const outbox = new Outbox({
    request: () => Promise.reject(new Error("no")),
    judge: () => ({ action: "again", after: 3_600_000 }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  outbox.post({ call: { method: "getMe", lane: "1", body: "{}" }, succeeded: reject, failed: resolve });
  await settle();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  outbox.close();
  assert.ok((await promise) instanceof NetworkError);
  assert.equal(timers(), before - 1);
});
