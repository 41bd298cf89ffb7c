import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as loopTurn } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import type { Arrival } from "../../src/dispatch/line.ts";
import type { Settlement, Turn } from "../../src/inbox/inbox.ts";
import { Batch } from "../../src/protocol/batch.ts";
import type { EventItem, ToWorker } from "../../src/protocol/port.ts";
import type { JournalFact } from "../../src/protocol/recorded-call.ts";
import type { StoredWrite } from "../../src/protocol/stored-value.ts";
import { Outbox } from "../../src/sends/outbox.ts";
import type { Sending } from "../../src/sends/sending.ts";
import { type EventToPost, type Recipient, Recorder } from "../../src/updates/recorder.ts";
import { isSettled } from "../settled.ts";

type Refused = readonly number[];

/** A recorder with a spy inbox, the real outbox and workers with the real batches: everything that leaves is written down. */
class Bench {
  /** In order: turns that are recorded, messages that are posted, calls that go out, beginnings that are refused. */
  readonly said: string[] = [];
  readonly turns: Turn[] = [];
  readonly errors: Error[] = [];
  readonly outbox: Outbox;
  readonly recorder: Recorder;
  /** The answer of the inbox. */
  answer: (turn: Turn) => Refused | Promise<Refused> = () => [];
  /** The bodies that the inbox has. */
  bodies: Settlement["read"] = () => new Map();
  /** The stored values that the inbox has. */
  values: Settlement["values"] = () => new Map();
  /** Called with each refusal. */
  onRefused: (worker: Recipient, seqs: Refused) => void = () => {};

  constructor() {
    this.outbox = new Outbox({
      request: async ({ method }) => {
        this.said.push(`call ${method}`);
        return "{}";
      },
      judge: () => ({ action: "reject" }),
    });
    this.recorder = new Recorder({
      inbox: {
        record: (turn) => {
          this.turns.push(turn);
          this.said.push(`record${describeTurn(turn)}`);
          return this.answer(turn);
        },
        read: (seqs) => {
          this.said.push(`read ${seqs}`);
          return this.bodies(seqs);
        },
        values: (keys) => {
          this.said.push(`values ${keys}`);
          return this.values(keys);
        },
      },
      outbox: this.outbox,
      refused: (worker, seqs) => {
        this.said.push(`refused ${worker.number}: ${seqs}`);
        this.onRefused(worker, seqs);
      },
      loaded: (arrivals, bodies) => {
        const known = arrivals.map(({ seq }) => `${seq} ${bodies.get(seq)}`);
        if (known.length > 0) this.said.push(`loaded ${known}`);
      },
      onError: (error) => this.errors.push(error),
    });
  }

  worker(number: number): SpyWorker {
    return new SpyWorker(number, this);
  }

  /** An application makes a call. @returns its outcome, once there is one */
  call(method: string): { outcome?: "succeeded" | "failed" } {
    const result: { outcome?: "succeeded" | "failed" } = {};
    const job: Sending = {
      call: { method, lane: undefined, body: "{}" },
      succeeded: () => Object.assign(result, { outcome: "succeeded" }),
      failed: () => Object.assign(result, { outcome: "failed" }),
    };
    this.outbox.post(job);
    this.recorder.schedule();
    return result;
  }

  /** The inbox answers when the returned functions are called, one for each turn that it is given. */
  answerLater(): PromiseWithResolvers<Refused>[] {
    const answers: PromiseWithResolvers<Refused>[] = [];
    this.answer = () => {
      const answer = Promise.withResolvers<Refused>();
      answers.push(answer);
      return answer.promise;
    };
    return answers;
  }

  /** Takes what has been said. */
  take(): string[] {
    return this.said.splice(0);
  }
}

class SpyWorker implements Recipient {
  readonly number: number;
  readonly #outbound: Batch<ToWorker>;

  constructor(number: number, bench: Bench) {
    this.number = number;
    const postMessage = (items: ToWorker[]) => bench.said.push(`post ${number}: ${items.map(describeItem).join(", ")}`);
    this.#outbound = new Batch({ postMessage } as unknown as MessagePort, () => bench.recorder.pushed(this));
  }

  post(events: EventItem[]): void {
    this.#outbound.push({ type: "events", events });
    this.#outbound.flush();
  }

  push(item: ToWorker): void {
    this.#outbound.push(item);
  }

  flush(): void {
    this.#outbound.flush();
  }
}

function describeTurn({ begun, settled, writes, died, withdrawn, deadLettered, journal }: Turn): string {
  const facts = {
    begun: begun.map(({ seq, alone }) => (alone ? `${seq}!` : seq)),
    settled,
    writes: writes.map(({ key }) => key),
    died,
    withdrawn,
    dead: deadLettered.map(({ seq }) => seq),
    journal: journal.map(({ type }) => type),
  };
  return Object.entries(facts)
    .filter(([, seqs]) => seqs.length > 0)
    .map(([name, seqs]) => ` ${name} ${seqs}`)
    .join("");
}

function describeItem(item: ToWorker): string {
  if (item.type === "events") return `events ${item.events.map(({ seq }) => seq)}`;
  if (item.type === "got") return `got ${item.id} ${item.value?.json}`;
  return item.type === "result" || item.type === "set" ? `${item.type} ${item.id}` : item.type;
}

const event = (seq: number): EventToPost => ({ seq, attempt: 1, body: "{}" });
const result = (id: number): ToWorker => ({ type: "result", id, body: "{}" });
const saved = (seq: number): JournalFact => ({ type: "saved", seqs: [seq], json: "1" });
const letter = (seq: number) => ({ seq, reason: "?", log: "" });

describe("the end of a turn", () => {
  test("first the turn is recorded, then its events are posted, then other items, then its calls go out", async () => {
    const bench = new Bench();
    const [one, two] = [bench.worker(1), bench.worker(2)];
    bench.call("sendMessage");
    two.push(result(7));
    bench.recorder.begun(one, event(3), false);
    bench.recorder.settled([1, 2]);
    assert.deepEqual(bench.said, [], "nothing happens before the end of the turn");
    await loopTurn();
    assert.deepEqual(bench.said, [
      "record begun 3 settled 1,2",
      "post 1: events 3",
      "post 2: result 7",
      "call sendMessage",
    ]);
  });

  test("facts of journals are recorded with the turn, before answers are posted and calls go out", async () => {
    const bench = new Bench();
    bench.worker(1).push(result(7));
    bench.recorder.journaled(saved(1));
    bench.call("sendMessage");
    await loopTurn();
    assert.deepEqual(bench.said, ["record journal saved", "post 1: result 7", "call sendMessage"]);
  });

  test("facts of journals may be recorded before the end of the turn, once and in their order", async () => {
    const bench = new Bench();
    bench.recorder.journaled(saved(1));
    bench.recorder.died([1]);
    bench.recorder.begun(bench.worker(1), event(1), false);
    bench.recorder.journaled({ type: "dropped", seqs: [1], id: 1 });
    bench.recorder.whenJournaled(() => bench.said.push("work"));
    bench.recorder.whenJournaled(() => bench.said.push("more work"));
    assert.deepEqual(bench.take(), ["record journal saved,dropped", "work", "more work"]);
    await loopTurn();
    assert.deepEqual(bench.said, ["record died 1", "record begun 1", "post 1: events 1"]);
  });

  test("facts of journals wait for an inbox that takes its time", async () => {
    const bench = new Bench();
    const answers = bench.answerLater();
    bench.recorder.settled([1]);
    await loopTurn();
    bench.recorder.journaled(saved(2));
    bench.recorder.whenJournaled(() => bench.said.push("work"));
    assert.deepEqual(bench.take(), ["record settled 1"]);
    answers[0]!.resolve([]);
    await loopTurn();
    assert.deepEqual(bench.take(), ["record journal saved"]);
    answers[1]!.resolve([]);
    await bench.recorder.end();
    assert.deepEqual(bench.said, ["work"]);
  });

  test("a failure to record facts of journals is an error of the inbox", () => {
    const bench = new Bench();
    const error = new Error("the disk is full");
    bench.answer = () => {
      throw error;
    };
    bench.recorder.journaled(saved(2));
    bench.recorder.whenJournaled(() => assert.fail("nothing goes out any more"));
    bench.recorder.whenJournaled(() => assert.fail("nothing goes out any more"));
    assert.deepEqual(bench.errors, [error]);
  });

  test("an answer that is queued for a worker does not take the worker's event along before that is recorded", async () => {
    const bench = new Bench();
    const worker = bench.worker(0);
    worker.push(result(7));
    bench.recorder.begun(worker, event(1), false);
    worker.push(result(8));
    await loopTurn();
    assert.deepEqual(bench.said, ["record begun 1", "post 0: result 7, result 8, events 1"]);
  });

  test("facts of one turn of the event loop are recorded at once, and events of a worker are one message", async () => {
    const bench = new Bench();
    const [one, two] = [bench.worker(1), bench.worker(2)];
    bench.recorder.begun(one, event(1), false);
    bench.recorder.begun(two, event(2), true);
    bench.recorder.begun(one, event(3), false);
    bench.recorder.settled([4]);
    bench.recorder.settled([5, 6]);
    bench.recorder.died([7]);
    bench.recorder.withdrawn([8]);
    bench.recorder.deadLettered(letter(9));
    await loopTurn();
    assert.deepEqual(bench.take(), [
      "record begun 1,2!,3 settled 4,5,6 died 7 withdrawn 8 dead 9",
      "post 1: events 1,3",
      "post 2: events 2",
    ]);
    bench.recorder.settled([1]);
    await loopTurn();
    assert.deepEqual(bench.said, ["record settled 1"], "the next turn has its own facts alone");
  });

  test("a turn without facts is not recorded; its items and calls go out", async () => {
    const bench = new Bench();
    bench.call("getChat");
    bench.worker(0).push(result(1));
    await loopTurn();
    await bench.recorder.end();
    assert.deepEqual(bench.said, ["post 0: result 1", "call getChat"]);
  });

  test("end() ends the turn now, once", async () => {
    const bench = new Bench();
    bench.recorder.begun(bench.worker(0), event(1), false);
    bench.call("getChat");
    const end = bench.recorder.end();
    assert.deepEqual(bench.take(), ["record begun 1", "post 0: events 1", "call getChat"]);
    await end;
    await loopTurn();
    await loopTurn();
    assert.deepEqual(bench.said, []);
  });

  for (const [fact, record] of Object.entries({
    withdrawn: ({ recorder }: Bench) => recorder.withdrawn([1]),
    died: ({ recorder }: Bench) => recorder.died([1]),
    dead: ({ recorder }: Bench) => recorder.deadLettered(letter(1)),
  })) {
    test(`an event that begins after one is ${fact} in the same turn begins in a turn of its own`, async () => {
      const bench = new Bench();
      const worker = bench.worker(0);
      bench.recorder.settled([3]);
      record(bench);
      bench.recorder.begun(worker, event(1), false);
      bench.recorder.begun(worker, event(2), false);
      await loopTurn();
      assert.deepEqual(bench.said, [`record settled 3 ${fact} 1`, "record begun 1,2", "post 0: events 1,2"]);
    });
  }

  test("an event that is withdrawn, begun and withdrawn again in one turn is recorded in that order", async () => {
    const bench = new Bench();
    const worker = bench.worker(0);
    bench.recorder.begun(worker, event(1), false);
    bench.recorder.withdrawn([1]);
    bench.recorder.begun(worker, event(1), true);
    bench.recorder.withdrawn([1]);
    await loopTurn();
    assert.deepEqual(bench.said.slice(0, 3), [
      "record begun 1 withdrawn 1",
      "post 0: events 1",
      "record begun 1! withdrawn 1",
    ]);
  });
});

describe("stored values", () => {
  const write = (key: string, seq?: number): StoredWrite => ({ key, json: "1", seq, line: undefined });
  const stored = (...keys: string[]) =>
    new Map(keys.map((key) => [key, { json: `"${key}"`, line: undefined, written_at: 0 }]));

  test("writes are recorded with the settlements of their turn, before the next event is posted", async () => {
    const bench = new Bench();
    bench.recorder.settled([1], [write("a", 1)]);
    bench.recorder.settled([2, 3], [write("b", 2), write("c", 3)]);
    bench.recorder.begun(bench.worker(1), event(4), false);
    await loopTurn();
    assert.deepEqual(bench.said, ["record begun 4 settled 1,2,3 writes a,b,c", "post 1: events 4"]);
  });

  test("questions are answered after their turn is recorded, all at once, in their order", async () => {
    const bench = new Bench();
    bench.values = () => stored("a");
    const [one, two] = [bench.worker(1), bench.worker(2)];
    bench.recorder.asked(one, 8, "a");
    bench.recorder.asked(two, 3, "b");
    bench.recorder.wrote(one, 9, write("c"));
    bench.recorder.asked(one, 10, "a");
    bench.call("sendMessage");
    await loopTurn();
    assert.deepEqual(bench.said, [
      "record writes c",
      "values a,b,a",
      'post 1: got 8 "a", set 9, got 10 "a"',
      "post 2: got 3 undefined",
      "call sendMessage",
    ]);
  });

  for (const how of ["at once", "later"]) {
    test(`questions wait until an inbox that takes its time has recorded what came before; it answers ${how}`, async () => {
      const bench = new Bench();
      const answers = bench.answerLater();
      bench.values = () => (how === "later" ? Promise.resolve(stored("a")) : stored("a"));
      const worker = bench.worker(1);
      bench.recorder.settled([1], [write("a", 1)]);
      await loopTurn();
      bench.recorder.asked(worker, 5, "a");
      await loopTurn();
      bench.recorder.wrote(worker, 6, write("b"));
      await loopTurn();
      assert.deepEqual(bench.take(), ["record settled 1 writes a"]);
      answers[0]!.resolve([]);
      await loopTurn();
      await loopTurn();
      assert.deepEqual(bench.take(), ["values a", "record writes b", 'post 1: got 5 "a"']);
      answers[1]!.resolve([]);
      await loopTurn();
      await loopTurn();
      assert.deepEqual(bench.take(), ["post 1: set 6"]);
    });
  }

  test("an inbox that cannot be read ends everything: the questions stay open", async () => {
    const bench = new Bench();
    bench.values = () => assert.fail("it is gone");
    bench.recorder.asked(bench.worker(1), 1, "a");
    await loopTurn();
    bench.recorder.asked(bench.worker(1), 2, "a");
    await loopTurn();
    assert.deepEqual(
      bench.errors.map(({ message }) => message),
      ["it is gone"],
    );
    assert.deepEqual(bench.said, ["values a"]);
  });
});

describe("an inbox that answers later", () => {
  test("it holds up events and calls of that turn and of later ones, in order; answers to the workers go out at once", async () => {
    const bench = new Bench();
    const answers = bench.answerLater();
    const worker = bench.worker(0);

    bench.recorder.begun(worker, event(1), false);
    bench.call("first");
    worker.push(result(1));
    await loopTurn();
    assert.deepEqual(bench.take(), ["record begun 1", "post 0: result 1"]);

    // The next turns: one with facts, one with a call alone.
    bench.recorder.settled([9]);
    bench.recorder.begun(worker, event(2), false);
    bench.call("second");
    worker.push(result(2));
    await loopTurn();
    bench.call("third");
    worker.push(result(3));
    await loopTurn();
    assert.deepEqual(bench.take(), ["post 0: result 2", "post 0: result 3"], "a turn is recorded after the one before");

    answers[0]!.resolve([]);
    await loopTurn();
    assert.deepEqual(bench.take(), ["post 0: events 1", "call first", "record begun 2 settled 9"]);
    assert.equal(answers.length, 2);

    answers[1]!.resolve([]);
    await loopTurn();
    assert.deepEqual(bench.take(), ["post 0: events 2", "call second", "call third"]);
  });

  test("each turn sends its own calls, however many turns wait", async () => {
    const bench = new Bench();
    const answers = bench.answerLater();
    for (const turn of [1, 2, 3, 4]) {
      bench.recorder.settled([turn]);
      bench.call(`${turn}a`);
      bench.call(`${turn}b`);
      await loopTurn();
    }
    for (const turn of [1, 2, 3, 4]) {
      answers[turn - 1]!.resolve([]);
      await loopTurn();
      const calls = bench.take().filter((said) => said.startsWith("call"));
      assert.deepEqual(calls, [`call ${turn}a`, `call ${turn}b`]);
    }
  });

  test("end() resolves when everything so far is recorded, posted and sent", async () => {
    const bench = new Bench();
    const answers = bench.answerLater();
    bench.recorder.begun(bench.worker(0), event(1), false);
    await loopTurn();
    bench.recorder.settled([2]);
    bench.call("getChat");
    const end = bench.recorder.end();
    assert.equal(await isSettled(end), false);
    answers[0]!.resolve([]);
    assert.equal(await isSettled(end), false);
    answers[1]!.resolve([]);
    await end;
    assert.deepEqual(bench.take(), ["record begun 1", "post 0: events 1", "record settled 2", "call getChat"]);
    await bench.recorder.end();
    assert.deepEqual(bench.said, []);
  });

  test("once it answers at once again, nothing waits", async () => {
    const bench = new Bench();
    const answers = bench.answerLater();
    bench.recorder.settled([1]);
    await loopTurn();
    answers[0]!.resolve([]);
    await loopTurn();
    bench.answer = () => [];
    bench.take();
    bench.recorder.begun(bench.worker(0), event(2), false);
    bench.call("getChat");
    void bench.recorder.end();
    assert.deepEqual(bench.said, ["record begun 2", "post 0: events 2", "call getChat"]);
  });
});

describe("events whose bodies are not in memory", () => {
  const unread = (seq: number): EventToPost => ({ seq, attempt: 1, body: undefined });
  const NEW = {
    update_id: 1,
    kind: "message",
    scope: "chat:1",
    shard: 1,
    received_at: 0,
    attempts: 0,
    deaths: 0,
    body: undefined,
  };

  for (const how of ["at once", "later"]) {
    test(`their bodies are read when their turn is recorded, all at once, by an inbox that answers ${how}`, async () => {
      const bench = new Bench();
      const posted: EventItem[] = [];
      const worker = Object.assign(bench.worker(0), { post: (events: EventItem[]) => posted.push(...events) });
      bench.bodies = (seqs) => {
        const bodies = new Map(seqs.map((seq) => [seq, `body ${seq}`]));
        return how === "later" ? Promise.resolve(bodies) : bodies;
      };
      for (const delivery of [unread(1), event(2), unread(3)]) bench.recorder.begun(worker, delivery, false);
      bench.call("getChat");
      await bench.recorder.end();
      assert.deepEqual(bench.said, ["record begun 1,2,3", "read 1,3", "call getChat"]);
      assert.deepEqual(
        posted.map(({ body }) => body),
        ["body 1", "{}", "body 3"],
      );
    });
  }

  test("bodies of events that are to follow are read with theirs", async () => {
    const bench = new Bench();
    bench.bodies = (seqs) => new Map(seqs.filter((seq) => seq !== 8).map((seq) => [seq, `body ${seq}`]));
    const following = [7, 8].map((seq): Arrival => ({ ...NEW, seq }));
    bench.recorder.begun(bench.worker(0), unread(1), false);
    bench.recorder.readAhead(following);
    await bench.recorder.end();
    assert.deepEqual(bench.said, ["record begun 1", "read 1,7,8", "loaded 7 body 7,8 undefined", "post 0: events 1"]);
  });

  test("events that the inbox has no body for are not posted, and refused() gets them", async () => {
    const bench = new Bench();
    bench.bodies = () => new Map([[3, "body 3"]]);
    bench.answer = () => [2];
    const worker = bench.worker(0);
    for (const delivery of [unread(1), event(2), unread(3)]) bench.recorder.begun(worker, delivery, false);
    await bench.recorder.end();
    assert.deepEqual(bench.said, ["record begun 1,2,3", "read 1,3", "post 0: events 3", "refused 0: 1,2"]);
  });

  test("later turns wait until they are read", async () => {
    const bench = new Bench();
    const worker = bench.worker(0);
    const bodies = Promise.withResolvers<ReadonlyMap<number, string>>();
    bench.bodies = () => bodies.promise;
    bench.recorder.begun(worker, unread(1), false);
    await loopTurn();
    bench.recorder.begun(worker, event(2), false);
    await loopTurn();
    assert.deepEqual(bench.take(), ["record begun 1", "read 1"]);
    bodies.resolve(new Map([[1, "body 1"]]));
    await bench.recorder.end();
    assert.deepEqual(bench.said, ["post 0: events 1", "record begun 2", "post 0: events 2"]);
  });

  test("an inbox that cannot be read ends everything", async () => {
    for (const fail of [() => Promise.reject(new Error("it is gone")), () => assert.fail("it is gone")]) {
      const bench = new Bench();
      bench.bodies = fail;
      bench.recorder.begun(bench.worker(0), unread(1), false);
      bench.call("getChat");
      await bench.recorder.end();
      assert.deepEqual(bench.said, ["record begun 1", "read 1"]);
      assert.deepEqual(
        bench.errors.map(({ message }) => message),
        ["it is gone"],
      );
    }
  });
});

for (const [how, later] of [
  ["at once", false],
  ["later", true],
] as const) {
  describe(`an inbox that refuses beginnings ${how}`, () => {
    const answering = (refused: Refused) => () => (later ? Promise.resolve(refused) : refused);

    test("their events are not posted, and refused() gets them by worker; the others are posted", async () => {
      const bench = new Bench();
      const [one, two, three] = [bench.worker(1), bench.worker(2), bench.worker(3)];
      bench.answer = answering([2, 4, 5]);
      for (const seq of [1, 2, 3]) bench.recorder.begun(one, event(seq), false);
      for (const seq of [4, 5]) bench.recorder.begun(two, event(seq), false);
      bench.recorder.begun(three, event(6), false);
      await bench.recorder.end();
      assert.deepEqual(bench.said, [
        "record begun 1,2,3,4,5,6",
        "post 1: events 1,3",
        "refused 1: 2",
        "refused 2: 4,5",
        "post 3: events 6",
      ]);
    });

    test("an event that takes the place of a refused one is recorded and posted without further ado", async () => {
      const bench = new Bench();
      const worker = bench.worker(0);
      const isPosted = Promise.withResolvers<void>();
      bench.answer = answering([1]);
      bench.onRefused = () => {
        bench.answer = answering([]);
        worker.push(result(1));
        bench.recorder.begun({ ...worker, number: 0, post: () => isPosted.resolve(), flush() {} }, event(2), false);
      };
      bench.recorder.begun(worker, event(1), false);
      await isPosted.promise;
      assert.deepEqual(
        bench.said.filter((said) => !said.startsWith("post")),
        ["record begun 1", "refused 0: 1", "record begun 2"],
      );
    });
  });

  describe(`an inbox that fails ${how}`, () => {
    const failing = (error: Error) => () => {
      if (later) return Promise.reject(error);
      throw error;
    };

    test("its error goes to onError once; no event or call goes out any more, and answers to the workers do", async () => {
      const bench = new Bench();
      const worker = bench.worker(0);
      const error = new Error("the disk is full");
      bench.answer = failing(error);
      bench.recorder.begun(worker, event(1), false);
      const first = bench.call("first");
      worker.push(result(1));
      await bench.recorder.end();
      await loopTurn();
      assert.deepEqual(bench.errors, [error]);
      assert.deepEqual(bench.take(), ["record begun 1", "post 0: result 1"]);

      // The inbox may recover: a fact that is missing would make the later ones wrong.
      bench.answer = answeredAtOnce;
      bench.recorder.begun(worker, event(2), false);
      const second = bench.call("second");
      worker.push({ type: "drain", reason: "shutdown", signal: "SIGTERM" });
      await loopTurn();
      await bench.recorder.end();
      await loopTurn();
      assert.deepEqual(bench.errors, [error]);
      assert.deepEqual(bench.take(), ["post 0: drain"]);
      assert.deepEqual([first, second], [{}, {}]);
      bench.outbox.close();
      assert.deepEqual([first, second], [{ outcome: "failed" }, { outcome: "failed" }]);
    });

    test("turns that wait behind the one that fails are given up with it", async () => {
      const bench = new Bench();
      const worker = bench.worker(0);
      const answers = bench.answerLater();
      bench.recorder.settled([1]);
      await loopTurn();
      bench.answer = failing(new Error("the disk is full"));
      for (const seq of [2, 3]) {
        bench.recorder.begun(worker, event(seq), false);
        bench.call(`call ${seq}`);
        await loopTurn();
      }
      answers[0]!.resolve([]);
      await bench.recorder.end();
      assert.deepEqual(
        bench.errors.map(({ message }) => message),
        ["the disk is full"],
      );
      assert.deepEqual(bench.said, ["record settled 1", "record begun 2"]);
    });
  });
}

const answeredAtOnce = () => [];

test("calls whose turn is being recorded are given up when the outbox closes", async () => {
  const bench = new Bench();
  const answers = bench.answerLater();
  bench.recorder.settled([1]);
  const waiting = bench.call("getChat");
  await loopTurn();
  const posted = bench.call("getMe");
  bench.outbox.close();
  assert.deepEqual([waiting, posted], [{ outcome: "failed" }, { outcome: "failed" }]);
  answers[0]!.resolve([]);
  await bench.recorder.end();
  assert.equal(bench.outbox.pending, 0);
  assert.deepEqual(bench.said, ["record settled 1"]);
});
