import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Place, ToWorker } from "../../src/protocol/port.ts";
import { whenCodeRests } from "../../src/protocol/when-code-rests.ts";
import { BlockWatch } from "../../workers/block-watch.ts";

const update = (update_id: number, chat: object) => JSON.stringify({ update_id, message: { chat, text: "hello" } });

const event = (seq: number, chat: object = { id: 123 }) => ({ seq, attempt: 1, body: update(400 + seq, chat) });

const events = (...seqs: number[]): ToWorker => ({ type: "events", events: seqs.map((seq) => event(seq)) });

const answer: ToWorker = { type: "result", id: 1, body: '{"ok":true,"result":true}' };

const PLACE: Place = { scope: "chat:8", update_id: 9, kind: "message" };

/** A watch, a clock that the test moves, and what it says. */
class Bench {
  readonly lines: string[] = [];
  readonly places: (Place | undefined)[] = [];
  /** The event that the application worked at last, and still holds. */
  atHand: { seq: number; place: Place } | undefined;
  /** The events at work since the last look. */
  atWork: { count: number; only: Place | undefined } = { count: 0, only: undefined };
  #now = 0;
  #active = 0;
  readonly #watch = new BlockWatch({
    task: { worker: 1, bot: { id: 99 }, line: "chat" },
    reporter: {
      log: (level, message, _error, place) => {
        this.lines.push(`${level}: ${message}`);
        this.places.push(place);
      },
    },
    pulse: { seq: 56 },
    atWork: {
      placeOf: (seq) => (seq === this.atHand?.seq ? this.atHand.place : undefined),
      look: () => this.atWork,
    },
    now: () => this.#now,
    active: () => this.#active,
  });

  /** A turn of the event loop: messages come, and the application works for so many milliseconds. */
  async turn(duration: number, ...messages: ToWorker[][]): Promise<void> {
    for (const message of messages) this.#watch.begin(message);
    this.#pass(duration, duration);
    await new Promise(setImmediate);
  }

  /** A turn that begins with the answer of a job. */
  async answerOfJob(duration: number): Promise<void> {
    this.#watch.goesOn();
    await this.turn(duration);
  }

  /** A turn of the event loop with a message, in which code goes on behind it that the message has nothing to do with. */
  async turnOfOthers(duration: number, message: ToWorker[]): Promise<void> {
    this.#watch.begin(message);
    // As of the first callback of another source: the promises and ticks of the message are through.
    const others = Promise.withResolvers<void>();
    whenCodeRests(() => others.resolve(this.#pass(duration, duration)), 20);
    await others.promise;
    await new Promise(setImmediate);
  }

  /** Time until the timer of the watch is due, and is called: of it the event loop was active for so long. */
  look(t: TestContext, time: number, active: number): void {
    this.#pass(time, active);
    t.mock.timers.tick(100);
  }

  #pass(time: number, active: number): void {
    this.#now += time;
    this.#active += active;
  }
}

describe("a worker that is blocked", () => {
  test("it is told with the chat and the update, once", async () => {
    const bench = new Bench();
    await bench.turn(420.4, [events(56)]);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 420 ms by chat 123 (update 456): move this to offload()",
    ]);
    assert.deepEqual(bench.places, [{ scope: "chat:123", update_id: 456, kind: "message" }]);
    await bench.turn(420, [events(57)]);
    assert.equal(bench.lines.length, 1);
  });

  test("by one of several events it is told the third time; many short events are only load", async () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) await bench.turn(290, [events(1, 2, 3)]);
    for (const duration of [400, 500]) await bench.turn(duration, [events(1, 2)], [answer]);
    assert.deepEqual(bench.lines, []);
    for (const duration of [600, 700]) await bench.turn(duration, [events(1, 2)]);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 600 ms by one of 2 events, and not for the first time: move this to offload()",
    ]);
  });

  test("it is told when the application goes on after an answer, if it holds the event still", async () => {
    const bench = new Bench();
    await bench.turn(300, [answer]);
    assert.deepEqual(bench.lines, []);
    bench.atHand = { seq: 56, place: { scope: "user:7/guest:x", update_id: 9, kind: "poll" } };
    await bench.turn(300, [answer]);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 300 ms by user 7 (update 9): move this to offload()",
    ]);
  });

  test("it is told when the application goes on after the answer of a job", async () => {
    const bench = new Bench();
    bench.atHand = { seq: 56, place: PLACE };
    await bench.answerOfJob(300);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 300 ms by chat 8 (update 9): move this to offload()",
    ]);
  });

  test("it is told when the application goes on with a stored value", async () => {
    for (const item of [{ type: "got", id: 1, value: undefined } as const, { type: "set", id: 1 } as const]) {
      const bench = new Bench();
      bench.atHand = { seq: 56, place: PLACE };
      await bench.turn(300, [item]);
      assert.equal(bench.lines.length, 1, item.type);
    }
  });

  test("an event is not told for code of another one, which goes on by itself in the same turn", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const bench = new Bench();
    await bench.turnOfOthers(420, [events(1)]);
    bench.atWork = { count: 2, only: undefined };
    bench.look(t, 0, 0);
    assert.deepEqual(bench.lines, []);
    await bench.turnOfOthers(420, [events(2)]);
    bench.atWork = { count: 1, only: PLACE };
    bench.look(t, 0, 0);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 420 ms by chat 8 (update 9): move this to offload()",
    ]);
  });

  test("it is told of a turn that nothing of the server began, if one event alone was at work", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const bench = new Bench();
    await bench.turn(5, [events(1)]);
    bench.atWork = { count: 1, only: PLACE };
    // Busy with short turns, late for want of a processor, and blocked for less than 200 ms.
    bench.look(t, 110, 100);
    bench.look(t, 450, 20);
    bench.look(t, 210, 190);
    bench.atWork = { count: 2, only: undefined };
    bench.look(t, 450, 420);
    assert.deepEqual(bench.lines, []);
    bench.atWork = { count: 1, only: PLACE };
    bench.look(t, 450, 420);
    assert.deepEqual(bench.lines, [
      "warn: worker 1 was blocked for 420 ms by chat 8 (update 9): move this to offload()",
    ]);
    assert.deepEqual(bench.places, [PLACE]);
    bench.look(t, 450, 420);
    assert.equal(bench.lines.length, 1);
  });

  test("a turn that is judged by its messages is not judged again, and no timer runs while nothing is at work", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const bench = new Bench();
    bench.atWork = { count: 1, only: PLACE };
    await bench.turn(450, [events(1, 2)]);
    bench.look(t, 0, 0);
    assert.deepEqual(bench.lines, []);
    bench.atWork = { count: 0, only: undefined };
    bench.look(t, 100, 0);
    bench.atWork = { count: 1, only: PLACE };
    bench.look(t, 450, 420);
    assert.deepEqual(bench.lines, [], "the timer has ended");
    await bench.turn(5, [events(3)]);
    bench.look(t, 450, 420);
    assert.equal(bench.lines.length, 1);
  });

  test("less than 200 ms are no block, and a turn's time is not added to another's", async () => {
    const bench = new Bench();
    await bench.turn(199, [events(1)]);
    await bench.turn(199, [events(2)]);
    assert.deepEqual(bench.lines, []);
    await bench.turn(200, [events(3)]);
    assert.equal(bench.lines.length, 1);
  });

  test("of short turns it watches some: one that begins within 20 ms of a watched one is not judged", async () => {
    const bench = new Bench();
    await bench.turn(19, [events(1)]);
    await bench.turn(500, [events(2)]);
    assert.deepEqual(bench.lines, []);
    await bench.turn(20, [events(3)]);
    await bench.turn(500, [events(4)]);
    assert.equal(bench.lines.length, 1);
  });

  test("a turn without application code is not judged, and other items in it do not count", async () => {
    const bench = new Bench();
    await bench.turn(500, [{ type: "debug", debug: true }]);
    assert.deepEqual(bench.lines, []);
    await bench.turn(500, [{ type: "debug", debug: true }, events(1)]);
    assert.equal(bench.lines.length, 1);
  });
});
