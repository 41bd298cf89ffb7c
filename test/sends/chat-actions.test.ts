import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as settle } from "node:timers/promises";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import { ChatActions } from "../../src/sends/chat-actions.ts";

const ACTION: Call = { method: "sendChatAction", lane: "1", body: '{"chat_id":1,"action":"typing"}' };

/** Chat actions whose intervals the test ends. Worker 3 has event 7. */
class Bench {
  readonly shown: string[] = [];
  readonly debugged: string[] = [];
  readonly ticks = new Set<() => void>();
  event: { attempts: number } | undefined = { attempts: 1 };
  isPaused = false;
  interval = 0;
  answer: () => Promise<string> = async () => "";

  readonly actions = new ChatActions({
    request: (call) => {
      this.shown.push(call.body);
      return this.answer();
    },
    posted: (worker, seq) => (worker === 3 && seq === 7 ? this.event : undefined),
    isPaused: (lane) => lane === "1" && this.isPaused,
    log: { debug: ({ error }) => void this.debugged.push(error) },
    every: (milliseconds, tick) => {
      this.interval = milliseconds;
      this.ticks.add(tick);
      return () => void this.ticks.delete(tick);
    },
  });

  begin(call = ACTION, worker = 3): void {
    this.actions.begin(worker, { type: "busy", seq: 7, call });
  }

  /** An interval is over. */
  async tick(): Promise<void> {
    for (const tick of [...this.ticks]) tick();
    await settle();
  }
}

describe("an action", () => {
  test("an action is shown at once and every 4.5 s", async () => {
    const bench = new Bench();
    bench.begin();
    assert.deepEqual(bench.shown, [ACTION.body]);
    await settle();
    for (let i = 0; i < 3; i++) await bench.tick();
    assert.equal(bench.shown.length, 4);
    assert.equal(bench.interval, 4500);
  });

  test("an action ends when the event is settled, dead or given back, before anything more is shown", async () => {
    const bench = new Bench();
    bench.begin();
    bench.event = undefined;
    await bench.tick();
    assert.equal(bench.shown.length, 1);
    assert.equal(bench.ticks.size, 0);
  });

  test("an action ends with its delivery: a later one of the same event may not be busy", async () => {
    const bench = new Bench();
    bench.begin();
    bench.event = { attempts: 2 };
    await bench.tick();
    assert.equal(bench.shown.length, 1);
    assert.equal(bench.ticks.size, 0);
  });

  test("an action of an event that is settled already is not shown", () => {
    const bench = new Bench();
    bench.begin(ACTION, 4);
    assert.deepEqual(bench.shown, []);
  });

  test("an action ends at the event's first message to its chat", async () => {
    for (const method of ["sendMessage", "sendPhoto", "sendMediaGroup", "copyMessage", "forwardMessages"]) {
      const bench = new Bench();
      bench.begin();
      bench.actions.called(7, { ...ACTION, method });
      assert.equal(bench.ticks.size, 0, method);
    }
  });

  test("an action goes on while the files of that message are uploaded, and ends when it is there", async () => {
    const bench = new Bench();
    bench.begin();
    const [video, photo] = [
      { ...ACTION, method: "sendVideo", files: [] },
      { ...ACTION, method: "sendPhoto", files: [] },
    ];
    for (const call of [video, photo]) bench.actions.called(7, call);
    await settle();
    await bench.tick();
    assert.equal(bench.shown.length, 2);
    bench.actions.uploaded(7, photo);
    assert.equal(bench.ticks.size, 1, "it is the first");
    bench.actions.uploaded(7, video);
    assert.equal(bench.ticks.size, 0);
  });

  test("other calls, other chats and other events do not end it", async () => {
    const bench = new Bench();
    bench.begin();
    for (const method of ["sendChatAction", "sendMessageDraft", "sendRichMessageDraft", "editMessageText", "getChat"]) {
      bench.actions.called(7, { ...ACTION, method });
    }
    bench.actions.called(7, { ...ACTION, method: "sendMessage", lane: "2" });
    bench.actions.called(8, { ...ACTION, method: "sendMessage" });
    assert.equal(bench.ticks.size, 1);
  });

  test("an event has one action: the newest", async () => {
    const bench = new Bench();
    bench.begin();
    bench.begin({ ...ACTION, body: "another" });
    await settle();
    await bench.tick();
    assert.deepEqual(bench.shown, [ACTION.body, "another", "another"]);
  });

  test("an event that was busy before its first message can be busy again", () => {
    const bench = new Bench();
    bench.begin();
    bench.actions.called(7, { ...ACTION, method: "sendMessage" });
    bench.begin();
    assert.equal(bench.ticks.size, 1);
  });
});

describe("an action that cannot be shown", () => {
  test("an action is left out while its chat is paused", async () => {
    const bench = new Bench();
    bench.isPaused = true;
    bench.begin();
    await bench.tick();
    assert.deepEqual(bench.shown, []);
    bench.isPaused = false;
    await bench.tick();
    assert.equal(bench.shown.length, 1);
  });

  test("an action is not repeated while the one before is on its way", async () => {
    const bench = new Bench();
    bench.answer = () => new Promise(() => {});
    bench.begin();
    await bench.tick();
    assert.equal(bench.shown.length, 1);
  });

  test("an action that failed on the network is repeated, and one that Telegram refused is not", async () => {
    const bench = new Bench();
    bench.answer = () => Promise.reject(new NetworkError("sendChatAction", "none", "ECONNREFUSED"));
    bench.begin();
    await settle();
    await bench.tick();
    assert.equal(bench.shown.length, 2);
    bench.answer = () => Promise.reject(new TelegramError("sendChatAction", 403, "Forbidden"));
    await bench.tick();
    assert.equal(bench.ticks.size, 0);
    assert.equal(bench.debugged.length, 3);
  });
});

test("close() ends all actions, and none begins", async () => {
  const bench = new Bench();
  bench.begin();
  bench.actions.close();
  bench.begin();
  assert.equal(bench.ticks.size, 0);
  assert.equal(bench.shown.length, 1);
});

test("an interval without the test's own keeps no process alive, and ends", () => {
  const actions = new ChatActions({
    request: async () => "",
    posted: () => ({ attempts: 1 }),
    isPaused: () => false,
    log: { debug() {} },
  });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  actions.begin(3, { type: "busy", seq: 7, call: ACTION });
  actions.close();
  assert.equal(timers(), before);
});
