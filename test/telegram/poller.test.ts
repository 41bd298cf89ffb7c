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
/** The clock at the start of each test. */
const START = 1_000_000;

function updates(...ids: number[]): Update[] {
  return ids.map((update_id) => ({ update_id }) as Update);
}

function refusal(error_code: number, description = "No", retry_after?: number): TelegramError {
  return new TelegramError("getUpdates", error_code, description, retry_after === undefined ? {} : { retry_after });
}

/** Outcome of one poll: an answer, an error, or a function that gives or throws one. */
type Reply = Update[] | Error | ((poll: Poll, signal: AbortSignal, polling: ScriptedPolling) => Promise<Update[]>);

/** A long poll without an answer: it fails when it is aborted. */
function hang(_: Poll, signal: AbortSignal): Promise<Update[]> {
  const { promise, reject } = Promise.withResolvers<Update[]>();
  signal.addEventListener("abort", () => reject(new NetworkError("getUpdates", "unknown", "aborted")));
  return promise;
}

/** A poller, a Telegram that follows a script and then hangs, and a clock that moves when the poller waits. */
class ScriptedPolling {
  readonly polls: Poll[] = [];
  /** The ids of each batch that was stored. */
  readonly received: number[][] = [];
  /** Arguments of each call of `polled`. */
  readonly polled: unknown[][] = [];
  readonly waits: number[] = [];
  readonly logged: string[] = [];
  readonly stopping = new AbortController();
  now = START;
  /** Stores a batch. @returns the number of new updates */
  store = async (batch: Update[], _signal: AbortSignal): Promise<number> => batch.length;
  /** Called at the end of each pause. */
  waited = (): void => {};
  readonly #script: Iterator<Reply>;

  constructor(script: Iterable<Reply> | ((polling: ScriptedPolling) => Generator<Reply>)) {
    this.#script = (typeof script === "function" ? script(this) : script)[Symbol.iterator]();
  }

  readonly poller = new Poller({
    allowedUpdates: () => ["message", "poll"],
    getUpdates: async (poll, signal) => {
      this.polls.push(poll);
      const { value = hang } = this.#script.next();
      if (value instanceof Error) throw value;
      return typeof value === "function" ? value(poll, signal, this) : value;
    },
    received: async (batch, signal) => {
      const added = await this.store(batch, signal);
      this.received.push(batch.map((update) => update?.update_id));
      return added;
    },
    polled: (...poll) => this.polled.push(poll),
    log: {
      warn: (_, message) => this.logged.push(`warn: ${message}`),
      info: (_, message) => this.logged.push(`info: ${message}`),
    },
    now: () => this.now,
    wait: async (milliseconds, signal) => {
      if (signal.aborted) return;
      this.waits.push(milliseconds);
      this.now += milliseconds;
      this.waited();
    },
  });

  /** Polls until the script has ended, then stops. */
  async run(): Promise<void> {
    const running = this.poller.run(this.stopping.signal);
    await Promise.race([running, turn()]);
    this.stopping.abort();
    await running;
  }

  get offsets(): (number | undefined)[] {
    return this.polls.map(({ offset }) => offset);
  }

  /** Milliseconds since the start of the test. */
  get elapsed(): number {
    return this.now - START;
  }
}

/** An answer, or a failure, that comes after so many milliseconds. */
function after(milliseconds: number, outcome: Update[] | Error): Reply {
  return async (_poll, _signal, polling) => {
    polling.now += milliseconds;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
}

/** A failure so many milliseconds after the start of the test. The poll must not begin later. */
function at(elapsed: number, error: Error): Reply {
  return async (_poll, _signal, polling) => {
    polling.now = Math.max(polling.now, START + elapsed);
    throw error;
  };
}

describe("a poll", () => {
  test("each poll asks for a full batch and names the kinds", async () => {
    const polling = new ScriptedPolling([updates(1), []]);
    await polling.run();
    const always = { limit: 100, timeout: 50, allowed_updates: ["message", "poll"] };
    assert.deepEqual(polling.polls, [
      { ...always, offset: undefined },
      { ...always, offset: 2 },
      { ...always, offset: 2 },
    ]);
  });

  test("a poll has the offset behind the last update of the batch before, which need not be the highest", async () => {
    const polling = new ScriptedPolling([updates(998, 999, 1000), updates(1001, 4, 5), updates(6)]);
    await polling.run();
    assert.deepEqual(polling.offsets, [undefined, 1001, 6, 7]);
    assert.deepEqual(polling.received, [[998, 999, 1000], [1001, 4, 5], [6]]);
  });

  test("a poll follows a batch at once", async () => {
    const polling = new ScriptedPolling(Array.from({ length: 50 }, (_, i) => updates(i)));
    const running = polling.poller.run(polling.stopping.signal);
    await turn();
    assert.equal(polling.polls.length, 51);
    assert.deepEqual(polling.waits, []);
    polling.stopping.abort();
    await running;
  });

  test("a poll follows at once a long poll that waited in vain", async () => {
    const polling = new ScriptedPolling(Array.from({ length: 5 }, () => after(LONG_POLL, [])));
    await polling.run();
    assert.deepEqual(polling.waits, []);
  });

  test("a poll that brings nothing stores nothing", async () => {
    const polling = new ScriptedPolling([after(LONG_POLL, []), updates(1), []]);
    await polling.run();
    assert.deepEqual(polling.received, [[1]]);
  });
});

describe("a server that answers empty polls at once", () => {
  for (const luck of [0, 0.999_999]) {
    test(`a server that answers empty polls at once gets at most 20 polls in 10 s (random numbers of ${luck})`, async (t) => {
      t.mock.method(Math, "random", () => luck);
      const polling = new ScriptedPolling(function* (polling) {
        while (polling.now < START + 10_000) yield [];
      });
      await polling.run();
      assert.ok(polling.polls.length <= 20, `${polling.polls.length} polls`);
      assert.ok(Math.max(...polling.waits) <= 1000);
    });
  }

  test("a server that repeats known updates gets as few polls", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const polling = new ScriptedPolling([
      updates(1),
      updates(1),
      updates(1),
      updates(1, 2),
      updates(2),
      after(500, updates(2)),
    ]);
    let last = 0;
    polling.store = async (batch) => {
      const added = batch.filter(({ update_id }) => update_id > last);
      last = batch.at(-1)!.update_id;
      return added.length;
    };
    await polling.run();
    assert.deepEqual(polling.waits, [100, 200, 100]);
    assert.deepEqual(polling.offsets, [undefined, 2, 2, 2, 3, 3, 3]);
  });

  test("a server that repeats known updates gets as few polls, however long they take to store", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const polling = new ScriptedPolling([updates(1), updates(1)]);
    polling.store = async () => {
      polling.now += LONG_POLL;
      return 0;
    };
    await polling.run();
    assert.deepEqual(polling.waits, [100, 200]);
  });

  test("a server that brings something new, or waits, is polled at once again", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const polling = new ScriptedPolling([[], [], [], updates(1), [], [], after(500, []), []]);
    await polling.run();
    assert.deepEqual(polling.waits, [100, 200, 400, 100, 200, 100]);
  });
});

describe("a poll that fails", () => {
  test("a failed poll is repeated with the same offset, after up to a second; each reason is logged once, and the recovery", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const failures = Array.from({ length: 6 }, (_, i) =>
      i % 2 === 0 ? new NetworkError("getUpdates", "none", "ECONNREFUSED") : refusal(502),
    );
    const polling = new ScriptedPolling([updates(1), ...failures, updates(2)]);
    await polling.run();
    assert.deepEqual(polling.offsets, [undefined, 2, 2, 2, 2, 2, 2, 2, 3]);
    assert.deepEqual(polling.waits, [100, 200, 400, 800, 1000, 1000]);
    const warning = "warn: polling failed; trying again";
    assert.deepEqual(polling.logged, [warning, warning, "info: polling again"]);
  });

  test("polls after a failure are short until one succeeds, so that recovery is known at once", async () => {
    const polling = new ScriptedPolling([[], refusal(502), refusal(502), [], []]);
    await polling.run();
    const timeouts = polling.polls.slice(0, 5).map(({ timeout }) => timeout);
    assert.deepEqual(timeouts, [50, 50, 0, 0, 50]);
    assert.ok(polling.logged.includes("info: polling again"));
  });

  test("pauses after failures begin anew after a success", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const polling = new ScriptedPolling([refusal(500), refusal(500), updates(1), refusal(500)]);
    await polling.run();
    assert.deepEqual(polling.waits, [100, 200, 100]);
    assert.equal(polling.logged.filter((line) => line.startsWith("warn")).length, 2);
  });

  test("a poll refused for too many requests is repeated when Telegram says so", async () => {
    const polling = new ScriptedPolling([refusal(429, "Too Many Requests: retry after 17", 17), updates(1)]);
    await polling.run();
    assert.deepEqual(polling.waits, [17_000]);
    assert.deepEqual(polling.received, [[1]]);
  });

  for (const code of [401, 404, 421]) {
    test(`a poll refused with ${code} is the last`, async () => {
      const polling = new ScriptedPolling([updates(1), refusal(code)]);
      await assert.rejects(polling.run(), TokenRejectedError);
      assert.equal(polling.polls.length, 2);
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
    test(`a conflict with a ${kind} is logged once, and after a minute ends the polling`, async () => {
      const polling = new ScriptedPolling(forEver(refusal(409, description)));
      await assert.rejects(polling.run(), (error) => {
        assert.ok(error instanceof ConflictError);
        assert.equal(error.kind, kind);
        assert.match(error.message, end);
        return true;
      });
      assert.equal(polling.logged.length, 1);
      assert.match(polling.logged[0]!, warning);
      const elapsed = polling.elapsed;
      assert.ok(elapsed >= 60_000 && elapsed < 62_000, `${elapsed} ms`);
      assert.ok(polling.polls.length >= 50 && polling.polls.length <= 65, `${polling.polls.length} polls`);
    });
  }

  test("a conflict that keeps coming back ends the polling, though two pollers of a busy bot both get updates", async () => {
    let id = 0;
    const polling = new ScriptedPolling(function* () {
      for (;;) yield* [updates(++id), after(10_000, updates(++id)), refusal(409, BY_ANOTHER), refusal(502)];
    });
    await assert.rejects(polling.run(), ConflictError);
    const elapsed = polling.elapsed;
    assert.ok(elapsed >= 70_000 && elapsed < 90_000, `${elapsed} ms`);
    assert.ok(polling.received.length > 10);
  });

  test("a conflict that ends within a minute is forgotten after a minute without one", async () => {
    const polling = new ScriptedPolling(function* (polling) {
      for (let minute = 0; minute < 3; minute++) {
        const end = polling.now + 50_000;
        while (polling.now < end) yield refusal(409, BY_ANOTHER);
        yield updates(minute);
        yield after(LONG_POLL, []);
        yield after(LONG_POLL, []);
      }
    });
    await polling.run();
    assert.deepEqual(polling.received, [[0], [1], [2]]);
    assert.deepEqual(polling.logged.slice(0, 3), [
      "warn: another process polls for this bot; trying again for a minute",
      "info: polling again",
      "warn: another process polls for this bot; trying again for a minute",
    ]);
  });

  test("two stray 409s do not end the polling, though one follows the other by as little as a minute", async () => {
    for (const quiet of [60_000, 61_000, 90_000, 119_999, 120_000, 180_000]) {
      const stray = refusal(409, BY_ANOTHER);
      const polling = new ScriptedPolling([at(0, stray), updates(1), at(quiet, stray), updates(2)]);
      await polling.run();
      assert.deepEqual(polling.received, [[1], [2]], `${quiet} ms`);
    }
  });

  test("a conflict lasts from its first 409, and a 409 after a quiet minute is the first of another", async () => {
    const conflict = refusal(409, BY_ANOTHER);
    const times = [0, 60_000, 118_000, 119_999, 180_000, 238_000, 240_000];
    const polling = new ScriptedPolling(times.map((elapsed) => at(elapsed, conflict)));
    await assert.rejects(polling.run(), ConflictError);
    assert.equal(polling.elapsed, 240_000);
    assert.equal(polling.polls.length, times.length);
  });

  test("a conflict is logged though something else failed before it", async () => {
    const polling = new ScriptedPolling([
      refusal(502),
      refusal(502),
      refusal(409, WEBHOOK),
      refusal(409, BY_ANOTHER),
      updates(1),
    ]);
    await polling.run();
    assert.deepEqual(
      polling.logged.map((line) => line.slice(0, 24)),
      ["warn: polling failed; tr", "warn: a webhook is set f", "warn: another process po", "info: polling again"],
    );
  });
});

describe("when the signal is aborted", () => {
  test("a poll under way ends, and run() with it, without a log line", async () => {
    const polling = new ScriptedPolling([updates(1), hang]);
    const run = polling.poller.run(polling.stopping.signal);
    await turn();
    polling.stopping.abort();
    await run;
    assert.equal(polling.polls.length, 2);
    assert.deepEqual(polling.logged, []);
    assert.deepEqual(polling.waits, []);
  });

  test("no poll follows the batch that is being stored, and the batch is confirmed", async () => {
    const polling = new ScriptedPolling([updates(1), []]);
    const stored = Promise.withResolvers<void>();
    let inTime: AbortSignal | undefined;
    polling.store = async (_, signal) => {
      inTime = signal;
      await stored.promise;
      return 1;
    };
    const run = polling.poller.run(polling.stopping.signal);
    await turn();
    assert.equal(inTime?.aborted, false);
    polling.stopping.abort();
    assert.equal(inTime?.aborted, true, "received() need not wait for room any more");
    await turn();
    assert.deepEqual(polling.received, []);
    stored.resolve();
    await run;
    assert.deepEqual(polling.received, [[1]]);
    assert.deepEqual(polling.offsets, [undefined]);
    await polling.poller.confirm(new AbortController().signal);
    assert.deepEqual(polling.offsets, [undefined, 2]);
  });

  test("before run(), run() makes no poll", async () => {
    const polling = new ScriptedPolling([]);
    polling.stopping.abort();
    await polling.poller.run(polling.stopping.signal);
    assert.equal(polling.polls.length, 0);
  });

  test("a pause of the poller's own clock ends", async () => {
    const stopping = new AbortController();
    const warned = Promise.withResolvers<void>();
    const poller = new Poller({
      allowedUpdates: () => [],
      getUpdates: () => Promise.reject(refusal(429, "Too Many Requests", 3600)),
      received: async () => 0,
      log: { warn: () => warned.resolve(), info: () => {} },
    });
    const run = poller.run(stopping.signal);
    await warned.promise;
    await turn();
    stopping.abort();
    await run;
  });
});

describe("a batch", () => {
  test("a batch is stored, and has room behind it, before the next poll tells Telegram to drop it", async () => {
    const polling = new ScriptedPolling([updates(5, 6), updates(7), hang]);
    const stored: PromiseWithResolvers<void>[] = [];
    polling.store = async () => {
      stored.push(Promise.withResolvers());
      await stored.at(-1)!.promise;
      return 1;
    };
    const running = polling.poller.run(polling.stopping.signal);
    for (const [i, offset] of [undefined, 7].entries()) {
      await turn();
      assert.deepEqual(polling.offsets.slice(i), [offset], "the next poll waits");
      stored[i]!.resolve();
    }
    await turn();
    assert.deepEqual(polling.offsets, [undefined, 7, 8]);
    polling.stopping.abort();
    await running;
  });

  test("a batch that cannot be stored ends the polling and is not confirmed", async () => {
    const polling = new ScriptedPolling([updates(1), updates(2, 3), []]);
    const full = new Error("disk full");
    polling.store = async ([first]) => {
      if (first!.update_id === 2) throw full;
      return 1;
    };
    await assert.rejects(polling.run(), full);
    assert.deepEqual(polling.received, [[1]]);
    await polling.poller.confirm(new AbortController().signal);
    assert.deepEqual(polling.offsets, [undefined, 2, 2]);
  });

  test("a first batch that cannot be stored leaves nothing to confirm", async () => {
    const polling = new ScriptedPolling([updates(5)]);
    const noDisk = new Error("no disk");
    polling.store = () => Promise.reject(noDisk);
    await assert.rejects(polling.run(), noDisk);
    await polling.poller.confirm(new AbortController().signal);
    assert.deepEqual(polling.offsets, [undefined]);
  });
});

describe("the state", () => {
  test("failures count until a poll succeeds, and the last error is known until then", async () => {
    const states: unknown[] = [];
    const read = (outcome: Reply): Reply => {
      return async (_poll, _signal, { poller }) => {
        const { failures, lastError } = poller.state;
        states.push([failures, lastError]);
        if (outcome instanceof Error) throw outcome;
        return outcome as Update[];
      };
    };
    const errors = [refusal(502, "no answer 1"), new NetworkError("getUpdates", "none", "no answer 2")] as const;
    const polling = new ScriptedPolling([...errors.map(read), read(updates(1)), read([])]);
    await polling.run();
    assert.deepEqual(states, [
      [0, undefined],
      [1, errors[0].message],
      [2, errors[1].message],
      [0, undefined],
    ]);
  });

  test("a conflict is known until the next outcome", async () => {
    const states: unknown[] = [];
    const polling = new ScriptedPolling([refusal(409, BY_ANOTHER), refusal(502), refusal(409, BY_ANOTHER), updates(1)]);
    polling.waited = () => states.push(polling.poller.state.isConflict);
    await polling.run();
    assert.deepEqual([...states, polling.poller.state.isConflict], [true, false, true, false]);
  });

  test("an aborted poll has not failed and is not observed", async () => {
    const polling = new ScriptedPolling([hang]);
    await polling.run();
    assert.equal(polling.poller.state.failures, 0);
    assert.equal(polling.poller.state.lastError, undefined);
    assert.deepEqual(polling.polled, []);
  });

  test("silence lasts since a poll last began or ended", async () => {
    const silence: [string, number][] = [];
    const read = (where: string, { poller }: ScriptedPolling) => silence.push([where, poller.state.silence]);
    const slow = (outcome: Update[] | Error): Reply => {
      return async (_poll, _signal, polling) => {
        read("a poll begins", polling);
        polling.now += 50;
        read("a poll ends", polling);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      };
    };
    const polling = new ScriptedPolling([slow(updates(1)), slow(refusal(429, "Too Many Requests", 3)), slow([])]);
    polling.store = async () => {
      polling.now += 7;
      read("a batch is stored", polling);
      return 1;
    };
    polling.waited = () => read("a pause ends", polling);
    polling.now += 5;
    read("before the first poll", polling);
    await polling.run();
    assert.deepEqual(silence.slice(0, 8), [
      ["before the first poll", 5],
      ["a poll begins", 0],
      ["a poll ends", 50],
      ["a batch is stored", 7],
      ["a poll begins", 0],
      ["a poll ends", 50],
      ["a pause ends", 3000],
      ["a poll begins", 0],
    ]);
  });

  test("each poll is observed with its number of updates, its duration and its error", async () => {
    const error = refusal(502);
    const polling = new ScriptedPolling([after(40, updates(1, 2)), after(7, error), after(3, [])]);
    polling.store = async () => {
      polling.now += 1000;
      return 2;
    };
    await polling.run();
    assert.deepEqual(polling.polled, [
      [2, 40],
      [0, 7, error],
      [0, 3],
    ]);
  });

  test("the last success is known; before the first it is the time of the start, so that no alarm is raised", async (t) => {
    const start = 1_790_000_000_000;
    t.mock.timers.enable({ apis: ["Date"], now: start });
    const lastSuccess: number[] = [];
    const poll = (outcome: Update[] | Error): Reply => {
      return async (_poll, _signal, { poller }) => {
        lastSuccess.push(poller.state.lastSuccess - start);
        t.mock.timers.tick(1000);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      };
    };
    const polling = new ScriptedPolling([poll(refusal(502)), poll([]), poll(refusal(502)), poll([])]);
    t.mock.timers.tick(500);
    await polling.run();
    assert.deepEqual(lastSuccess, [0, 0, 2500, 2500]);
    assert.equal(polling.poller.state.lastSuccess - start, 4500);
  });
});

describe("confirm()", () => {
  test("confirm() tells Telegram of the last batch with one short poll", async () => {
    const polling = new ScriptedPolling([updates(5, 6), hang, []]);
    await polling.run();
    await polling.poller.confirm(new AbortController().signal);
    assert.deepEqual(polling.polls.at(-1), { offset: 7, limit: 1, timeout: 0, allowed_updates: ["message", "poll"] });
  });

  test("confirm() makes no poll before the first batch", async () => {
    const polling = new ScriptedPolling([]);
    await polling.poller.confirm(new AbortController().signal);
    assert.equal(polling.polls.length, 0);
  });
});

describe("skipPending()", () => {
  test("skipPending() makes Telegram drop all but the newest update, which the first poll confirms", async () => {
    const polling = new ScriptedPolling([updates(41), updates(42)]);
    assert.equal(await polling.poller.skipPending(polling.stopping.signal), true);
    assert.deepEqual(polling.polls[0], { offset: -1, limit: 1, timeout: 0, allowed_updates: ["message", "poll"] });
    await polling.run();
    assert.deepEqual(polling.offsets, [-1, 42, 43]);
    assert.deepEqual(polling.received, [[42]]);
  });

  test("an update without a valid id, in a batch or in skipPending(), does not move the offset", async () => {
    const odd = [{}, { update_id: -7 }, { update_id: "8" }, null] as unknown as Update[];
    const polling = new ScriptedPolling([[odd[0]!], [...updates(5), ...odd], odd]);
    assert.equal(await polling.poller.skipPending(polling.stopping.signal), true);
    await polling.run();
    assert.deepEqual(polling.offsets, [-1, undefined, 6, 6]);
  });

  test("skipPending() returns false if there was nothing", async () => {
    const polling = new ScriptedPolling([[]]);
    assert.equal(await polling.poller.skipPending(polling.stopping.signal), false);
    await polling.run();
    assert.deepEqual(polling.offsets, [-1, undefined]);
  });
});
