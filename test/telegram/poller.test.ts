import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Update } from "@grammyjs/types";
import { ConflictError, NetworkError, TelegramError, TokenRejectedError } from "../../src/protocol/errors.ts";
import type { Poll } from "../../src/telegram/bot-api.ts";
import { Poller } from "../../src/telegram/poller.ts";

const WEBHOOK =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const BY_ANOTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

const LONG_POLL = 50_000;

function updates(...ids: number[]): Update[] {
  return ids.map((update_id) => ({ update_id }) as Update);
}

function refusal(error_code: number, description = "No", retry_after?: number): TelegramError {
  return new TelegramError("getUpdates", error_code, description, retry_after === undefined ? {} : { retry_after });
}

/** What happens at one poll: an answer, an error, or whatever a function makes of it. */
type Reply = Update[] | Error | ((poll: Poll, signal: AbortSignal, bench: Bench) => Promise<Update[]>);

/** Waits as a long poll does that nothing comes for, until it is aborted. */
function hang(_: Poll, signal: AbortSignal): Promise<Update[]> {
  const { promise, reject } = Promise.withResolvers<Update[]>();
  signal.addEventListener("abort", () => reject(new NetworkError("getUpdates", "unknown", "aborted")));
  return promise;
}

/** A poller, Telegram as the script has it, and a clock that moves when somebody waits. */
class Bench {
  readonly polls: Poll[] = [];
  readonly taken: number[][] = [];
  readonly waits: number[] = [];
  readonly logged: string[] = [];
  readonly stopping = new AbortController();
  now = 1_000_000;
  /** @returns how many are new */
  take = (batch: Update[]): number => batch.length;
  stored = (): Promise<void> => Promise.resolve();
  room = (_: AbortSignal): Promise<void> => Promise.resolve();
  readonly #script: Iterator<Reply>;

  constructor(script: Iterable<Reply> | ((bench: Bench) => Generator<Reply>)) {
    this.#script = (typeof script === "function" ? script(this) : script)[Symbol.iterator]();
  }

  readonly poller = new Poller({
    allowedUpdates: ["message", "poll"],
    getUpdates: async (poll, signal) => {
      this.polls.push(poll);
      const { value = hang } = this.#script.next();
      if (value instanceof Error) throw value;
      return typeof value === "function" ? value(poll, signal, this) : value;
    },
    take: (batch) => {
      const news = this.take(batch);
      this.taken.push(batch.map((update) => update?.update_id));
      return news;
    },
    stored: () => this.stored(),
    room: (signal) => this.room(signal),
    log: {
      warn: (_, message) => this.logged.push(`warn: ${message}`),
      info: (_, message) => this.logged.push(`info: ${message}`),
    },
    now: () => this.now,
    wait: async (milliseconds, signal) => {
      if (signal.aborted) return;
      this.waits.push(milliseconds);
      this.now += milliseconds;
    },
  });

  /** Runs it until the script is at its end, and then stops it. */
  async run(): Promise<void> {
    const running = this.poller.run(this.stopping.signal);
    await Promise.race([running, turn()]);
    this.stopping.abort();
    await running;
  }

  get offsets(): (number | undefined)[] {
    return this.polls.map(({ offset }) => offset);
  }
}

/** An answer that comes after so many milliseconds of the bench's clock. */
function after(milliseconds: number, answer: Update[]): Reply {
  return async (_poll, _signal, bench) => {
    bench.now += milliseconds;
    return answer;
  };
}

describe("a poll", () => {
  test("asks for all that there is and names the kinds, every time", async () => {
    const bench = new Bench([updates(1), []]);
    await bench.run();
    const always = { limit: 100, timeout: 50, allowed_updates: ["message", "poll"] };
    assert.deepEqual(bench.polls, [
      { ...always, offset: undefined },
      { ...always, offset: 2 },
      { ...always, offset: 2 },
    ]);
  });

  test("has the offset behind the last update of the batch before, which need not be the highest", async () => {
    const bench = new Bench([updates(998, 999, 1000), updates(1001, 4, 5), updates(6)]);
    await bench.run();
    assert.deepEqual(bench.offsets, [undefined, 1001, 6, 7]);
    assert.deepEqual(bench.taken, [[998, 999, 1000], [1001, 4, 5], [6]]);
  });

  test("follows a batch at once", async () => {
    const bench = new Bench(Array.from({ length: 50 }, (_, i) => updates(i)));
    const running = bench.poller.run(bench.stopping.signal);
    await turn();
    assert.equal(bench.polls.length, 51);
    assert.deepEqual(bench.waits, []);
    bench.stopping.abort();
    await running;
  });

  test("follows at once, too, when a long poll has waited in vain", async () => {
    const bench = new Bench(Array.from({ length: 5 }, () => after(LONG_POLL, [])));
    await bench.run();
    assert.deepEqual(bench.waits, []);
  });

  test("waits for room first", async () => {
    const bench = new Bench([updates(1)]);
    const room = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    bench.room = () => room[asked++]!.promise;
    const running = bench.poller.run(bench.stopping.signal);
    await turn();
    assert.equal(bench.polls.length, 0);
    room[0]!.resolve();
    await turn();
    assert.equal(bench.polls.length, 1);
    assert.equal(asked, 2);
    bench.stopping.abort();
    room[1]!.resolve();
    await running;
  });

  test("that cannot be stored is the last, and its updates are not confirmed", async () => {
    const bench = new Bench([updates(1), updates(2, 3), []]);
    const full = new Error("disk full");
    bench.take = ([first]) => {
      if (first!.update_id === 2) throw full;
      return 1;
    };
    await assert.rejects(bench.run(), full);
    assert.deepEqual(bench.taken, [[1]]);
    await bench.poller.confirm(new AbortController().signal);
    assert.deepEqual(bench.offsets, [undefined, 2, 2]);
  });
});

describe("a server that answers empty polls at once", () => {
  for (const luck of [0, 0.999_999]) {
    test(`is asked at most 20 times in 10 s (random numbers of ${luck})`, async (t) => {
      t.mock.method(Math, "random", () => luck);
      const bench = new Bench(function* (bench) {
        while (bench.now < 1_010_000) yield [];
      });
      await bench.run();
      assert.ok(bench.polls.length <= 20, `${bench.polls.length} polls`);
      assert.ok(Math.max(...bench.waits) <= 1000);
    });
  }

  test("is asked as seldom where it answers with what is known already", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const bench = new Bench([updates(1), updates(1), updates(1), updates(1, 2), updates(2), after(500, updates(2))]);
    let last = 0;
    bench.take = (batch) => {
      const news = batch.filter(({ update_id }) => update_id > last);
      last = batch.at(-1)!.update_id;
      return news.length;
    };
    await bench.run();
    assert.deepEqual(bench.waits, [100, 200, 100]);
    assert.deepEqual(bench.offsets, [undefined, 2, 2, 2, 3, 3, 3]);
  });

  test("is asked at once again when it has had something, or has waited", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const bench = new Bench([[], [], [], updates(1), [], [], after(500, []), []]);
    await bench.run();
    assert.deepEqual(bench.waits, [100, 200, 400, 100, 200, 100]);
  });
});

describe("a poll that fails", () => {
  test("is made again, later each time up to a second, with the same offset; a warning for each reason, and word when it is over", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const failures = Array.from({ length: 6 }, (_, i) =>
      i % 2 === 0 ? new NetworkError("getUpdates", "none", "ECONNREFUSED") : refusal(502),
    );
    const bench = new Bench([updates(1), ...failures, updates(2)]);
    await bench.run();
    assert.deepEqual(bench.offsets, [undefined, 2, 2, 2, 2, 2, 2, 2, 3]);
    assert.deepEqual(bench.waits, [100, 200, 400, 800, 1000, 1000]);
    const warning = "warn: polling failed; trying again";
    assert.deepEqual(bench.logged, [warning, warning, "info: polling again"]);
  });

  test("is followed by short ones until one succeeds, so that it is known at once when all is well again", async () => {
    const bench = new Bench([[], refusal(502), refusal(502), [], []]);
    await bench.run();
    const timeouts = bench.polls.slice(0, 5).map(({ timeout }) => timeout);
    assert.deepEqual(timeouts, [50, 50, 0, 0, 50]);
    assert.ok(bench.logged.includes("info: polling again"));
  });

  test("begins anew with its waiting after a success", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const bench = new Bench([refusal(500), refusal(500), updates(1), refusal(500)]);
    await bench.run();
    assert.deepEqual(bench.waits, [100, 200, 100]);
    assert.equal(bench.logged.filter((line) => line.startsWith("warn")).length, 2);
  });

  test("for too many requests is made again when Telegram says so", async () => {
    const bench = new Bench([refusal(429, "Too Many Requests: retry after 17", 17), updates(1)]);
    await bench.run();
    assert.deepEqual(bench.waits, [17_000]);
    assert.deepEqual(bench.taken, [[1]]);
  });

  for (const code of [401, 404, 421]) {
    test(`with ${code} is the last`, async () => {
      const bench = new Bench([updates(1), refusal(code)]);
      await assert.rejects(bench.run(), TokenRejectedError);
      assert.equal(bench.polls.length, 2);
    });
  }
});

describe("a conflict", () => {
  function* forEver(error: Error): Generator<Reply> {
    for (;;) yield error;
  }

  const kinds = [
    { kind: "webhook", description: WEBHOOK, warning: /a webhook is set.*--delete-webhook/, end: /--delete-webhook/ },
    { kind: "poller", description: BY_ANOTHER, warning: /another process polls/, end: /only one may/ },
  ] as const;
  for (const { kind, description, warning, end } of kinds) {
    test(`with a ${kind} is warned of once, and after a minute ends the polling`, async () => {
      const bench = new Bench(forEver(refusal(409, description)));
      await assert.rejects(bench.run(), (error) => {
        assert.ok(error instanceof ConflictError);
        assert.equal(error.kind, kind);
        assert.match(error.message, end);
        return true;
      });
      assert.equal(bench.logged.length, 1);
      assert.match(bench.logged[0]!, warning);
      const elapsed = bench.now - 1_000_000;
      assert.ok(elapsed >= 60_000 && elapsed < 62_000, `${elapsed} ms`);
      assert.ok(bench.polls.length >= 50 && bench.polls.length <= 65, `${bench.polls.length} polls`);
    });
  }

  test("that keeps coming back, with updates in between, ends the polling, too: so it is with two on a busy bot", async () => {
    let id = 0;
    const bench = new Bench(function* () {
      for (;;) yield* [updates(++id), after(10_000, updates(++id)), refusal(409, BY_ANOTHER), refusal(502)];
    });
    await assert.rejects(bench.run(), ConflictError);
    const elapsed = bench.now - 1_000_000;
    assert.ok(elapsed >= 70_000 && elapsed < 90_000, `${elapsed} ms`);
    assert.ok(bench.taken.length > 10);
  });

  test("that ends within the minute is forgotten when there has been none for another", async () => {
    const bench = new Bench(function* (bench) {
      for (let minute = 0; minute < 3; minute++) {
        const end = bench.now + 50_000;
        while (bench.now < end) yield refusal(409, BY_ANOTHER);
        yield updates(minute);
        yield after(LONG_POLL, []);
        yield after(LONG_POLL, []);
      }
    });
    await bench.run();
    assert.deepEqual(bench.taken, [[0], [1], [2]]);
    assert.deepEqual(bench.logged.slice(0, 3), [
      "warn: another process polls for this bot; trying again for a minute",
      "info: polling again",
      "warn: another process polls for this bot; trying again for a minute",
    ]);
  });

  test("is warned of also where something else failed before it", async () => {
    const bench = new Bench([refusal(502), refusal(502), refusal(409, WEBHOOK), refusal(409, BY_ANOTHER), updates(1)]);
    await bench.run();
    assert.deepEqual(
      bench.logged.map((line) => line.slice(0, 24)),
      ["warn: polling failed; tr", "warn: a webhook is set f", "warn: another process po", "info: polling again"],
    );
  });
});

describe("when it is aborted", () => {
  async function running(bench: Bench): Promise<Promise<void>> {
    const run = bench.poller.run(bench.stopping.signal);
    await turn();
    return run;
  }

  test("a poll under way ends, and run() with it, without a word", async () => {
    const bench = new Bench([updates(1), hang]);
    const run = running(bench);
    await turn();
    bench.stopping.abort();
    await run;
    assert.equal(bench.polls.length, 2);
    assert.deepEqual(bench.logged, []);
    assert.deepEqual(bench.waits, []);
  });

  test("waiting for room ends, and no poll is begun", async () => {
    const bench = new Bench([]);
    bench.room = (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    const run = running(bench);
    await turn();
    bench.stopping.abort();
    await run;
    assert.equal(bench.polls.length, 0);
  });

  test("no poll is made at all where that was before", async () => {
    const bench = new Bench([]);
    bench.stopping.abort();
    await bench.poller.run(bench.stopping.signal);
    assert.equal(bench.polls.length, 0);
  });

  test("a pause ends, by the clock that it has where none is given", async () => {
    const stopping = new AbortController();
    const warned = Promise.withResolvers<void>();
    const poller = new Poller({
      allowedUpdates: [],
      getUpdates: () => Promise.reject(refusal(429, "Too Many Requests", 3600)),
      take: () => 0,
      stored: () => Promise.resolve(),
      room: () => Promise.resolve(),
      log: { warn: () => warned.resolve(), info: () => {} },
    });
    const run = poller.run(stopping.signal);
    await warned.promise;
    await turn();
    stopping.abort();
    await run;
  });
});

describe("what was taken", () => {
  test("is stored for good before the next poll tells Telegram to forget it", async () => {
    const bench = new Bench([updates(5, 6), updates(7), hang]);
    const flushed: PromiseWithResolvers<void>[] = [];
    bench.stored = () => {
      flushed.push(Promise.withResolvers());
      return flushed.at(-1)!.promise;
    };
    const running = bench.poller.run(bench.stopping.signal);
    for (const [i, offset] of [undefined, 7, 8].entries()) {
      await turn();
      assert.equal(bench.polls.length, i, "it waits for the disk");
      flushed[i]!.resolve();
      await turn();
      assert.equal(bench.polls.at(-1)!.offset, offset);
    }
    bench.stopping.abort();
    await turn();
    flushed.at(-1)!.resolve();
    await running;
  });

  test("ends the polling, unconfirmed, if it cannot be stored", async () => {
    const bench = new Bench([updates(5)]);
    bench.stored = () => (bench.taken.length === 0 ? Promise.resolve() : Promise.reject(new Error("no disk")));
    await assert.rejects(bench.poller.run(bench.stopping.signal), /^Error: no disk$/);
    await assert.rejects(bench.poller.confirm(bench.stopping.signal), /^Error: no disk$/);
    assert.equal(bench.polls.length, 1);
  });
});

describe("confirm()", () => {
  test("tells Telegram of the last batch with one short poll", async () => {
    const bench = new Bench([updates(5, 6), hang, []]);
    await bench.run();
    await bench.poller.confirm(new AbortController().signal);
    assert.deepEqual(bench.polls.at(-1), { offset: 7, limit: 1, timeout: 0, allowed_updates: ["message", "poll"] });
  });

  test("says nothing where there is nothing to confirm", async () => {
    const bench = new Bench([]);
    await bench.poller.confirm(new AbortController().signal);
    assert.equal(bench.polls.length, 0);
  });
});

describe("skipPending()", () => {
  test("makes Telegram forget all but the newest update, which the first poll confirms", async () => {
    const bench = new Bench([updates(41), updates(42)]);
    assert.equal(await bench.poller.skipPending(bench.stopping.signal), true);
    assert.deepEqual(bench.polls[0], { offset: -1, limit: 1, timeout: 0, allowed_updates: ["message", "poll"] });
    await bench.run();
    assert.deepEqual(bench.offsets, [-1, 42, 43]);
    assert.deepEqual(bench.taken, [[42]]);
  });

  test("and a batch make no offset of what is no id", async () => {
    const odd = [{}, { update_id: -7 }, { update_id: "8" }, null] as unknown as Update[];
    const bench = new Bench([[odd[0]!], [...updates(5), ...odd], odd]);
    assert.equal(await bench.poller.skipPending(bench.stopping.signal), true);
    await bench.run();
    assert.deepEqual(bench.offsets, [-1, undefined, 6, 6]);
  });

  test("says where there was nothing", async () => {
    const bench = new Bench([[]]);
    assert.equal(await bench.poller.skipPending(bench.stopping.signal), false);
    await bench.run();
    assert.deepEqual(bench.offsets, [-1, undefined]);
  });
});
