import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, type TestContext, test } from "node:test";
import { DisconnectedError } from "../../src/protocol/errors.ts";
import type { EventItem } from "../../src/protocol/port.ts";
import { LIMIT_GRACE } from "../../src/protocol/pulse.ts";
import { EventDelivery } from "../../workers/event-delivery.ts";

const turn = () => new Promise(setImmediate);

/** A delivery that an instance has, and what the instance hears of it. */
function begun(t: TestContext, eventTimeout = Number.POSITIVE_INFINITY, item: Pick<EventItem, "past"> = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const heard: string[] = [];
  const delivery = new EventDelivery(900, 1, item);
  delivery.begin({
    key: "chat:1",
    eventTimeout,
    workOver: ({ thrown }) => heard.push(thrown === undefined ? "over" : `threw ${thrown.error}`),
    overdue: (_, error) => heard.push(`overdue: ${error.name}: ${error.message}`),
    saved: (_, json) => heard.push(`saved: ${json}`),
    busy: (_, action) => heard.push(`busy: ${action}`),
    limited: ({ limit }) => heard.push(`limited to ${limit}`),
    goesOn: () => heard.push("goes on"),
  });
  return { delivery, heard, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

test("work is over when the last promise is, and the first rejection is what it threw", async (t) => {
  const { delivery, heard } = begun(t);
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  delivery.waitUntil(one.promise);
  delivery.waitUntil(other.promise);
  assert.equal(delivery.isOpen, true);
  one.reject("first");
  await turn();
  assert.deepEqual(heard, []);
  other.reject("second");
  await turn();
  assert.deepEqual(heard, ["threw first"]);
  assert.equal(delivery.isOpen, false);
});

test("a limit that is set while a call waits begins when the call is answered", (t) => {
  const { delivery, heard, pass } = begun(t);
  delivery.pause();
  delivery.timeout(1000);
  pass(60_000);
  assert.equal(delivery.signal.aborted, false);
  delivery.resume();
  pass(999);
  assert.equal(delivery.signal.aborted, false);
  pass(1);
  assert.equal(delivery.signal.aborted, true);
  assert.deepEqual(heard, ["limited to 0"]);
});

test("busy() shows an action until the event is settled: afterwards it has no effect", (t) => {
  const { delivery, heard } = begun(t);
  delivery.busy();
  delivery.busy("upload_video");
  delivery.end();
  delivery.busy();
  assert.deepEqual(heard, ["busy: typing", "busy: upload_video"]);
});

test("waitUntil() is refused once the event is settled", (t) => {
  const { delivery } = begun(t);
  delivery.end();
  assert.throws(() => delivery.waitUntil(Promise.resolve()), {
    name: "DisconnectedError",
    message: /comes too late: update 900 is settled/,
  });
});

test("a stop is the reason for which code ended if the code has asked for the signal, but not if jobs alone have", (t) => {
  for (const name of ["jobSignal", "signal"] as const) {
    const { delivery } = begun(t);
    assert.equal(delivery[name].aborted, false);
    assert.equal(delivery.stoppedBy, undefined);
    delivery.abort("stop");
    assert.equal(delivery[name].reason, "stop");
    assert.equal(delivery.stoppedBy, name === "signal" ? "stop" : undefined);
    t.mock.timers.reset();
  }
});

test("a stop is the reason for which code ended if a job of it was rejected for it", (t) => {
  const { delivery } = begun(t);
  const reason = new DisconnectedError("reload");
  delivery.jobStopped(reason);
  assert.equal(delivery.stoppedBy, reason);
});

test("cancel() aborts the signal with its reason, whether it was read before or not", (t) => {
  for (const isRead of [true, false]) {
    const { delivery } = begun(t);
    const signal = isRead ? delivery.signal : undefined;
    delivery.cancel("enough");
    assert.equal(signal?.aborted ?? true, true);
    assert.equal(delivery.signal.reason, "enough");
    assert.equal(delivery.isCancelledBy("enough"), true);
    assert.equal(delivery.isCancelledBy(new DOMException("x", "AbortError")), true);
    assert.equal(delivery.isCancelledBy(new DOMException("x", "TimeoutError")), false);
    t.mock.timers.reset();
  }
});

test("a listener of the signal is code of the event, whichever code aborts it", (t) => {
  const { delivery } = begun(t);
  const context = new AsyncLocalStorage<string>();
  const heard: unknown[] = [];
  context.run("the event", () => delivery.signal.addEventListener("abort", () => heard.push(context.getStore())));
  context.run("/cancel", () => delivery.cancel());
  assert.deepEqual(heard, ["the event"]);
});

test("an abort from elsewhere is no cancel, and the first abort counts", (t) => {
  const { delivery } = begun(t);
  delivery.abort("stop");
  delivery.cancel("enough");
  assert.equal(delivery.signal.reason, "stop");
  assert.equal(delivery.isCancelledBy("stop"), false);
});

test("at the limit the signal is aborted with a TimeoutError, and after a grace the event is overdue", (t) => {
  const { delivery, heard, pass } = begun(t, 2000);
  assert.deepEqual(heard, ["limited to 2000"]);
  pass(2000);
  assert.equal(delivery.signal.reason.name, "TimeoutError");
  assert.equal(heard.length, 1);
  pass(LIMIT_GRACE);
  assert.deepEqual(heard.slice(1), ["overdue: TimeoutError: the event took longer than 2 s"]);
});

test("timeout() sets the limit anew, and an event that is settled is never late", (t) => {
  const { delivery, pass } = begun(t, 2000);
  pass(1500);
  delivery.timeout(10_000);
  pass(9999);
  assert.equal(delivery.signal.aborted, false);
  delivery.end();
  pass(1);
  assert.equal(delivery.signal.aborted, false);
  assert.throws(() => delivery.timeout(0), { name: "TypeError", message: /timeout\(0\)/ });
});

test("the clock stands while a job waits", (t) => {
  const { delivery, pass } = begun(t, 2000);
  delivery.pause();
  assert.equal(delivery.limit, 0);
  pass(60_000);
  assert.equal(delivery.signal.aborted, false);
});

test("ahead asks for the newest job, and is 0 without one", async (t) => {
  const { delivery } = begun(t);
  assert.equal(await delivery.ahead, 0);
  for (const ahead of [7, 3]) {
    delivery.made({
      over: new Promise(() => {}),
      ahead: async () => ahead,
      leave: () => assert.fail(),
      stop: () => assert.fail(),
    });
  }
  assert.equal(await delivery.ahead, 3);
});

test("the end of a program's event is told to its jobs that are not over", async (t) => {
  const { delivery } = begun(t);
  const left: string[] = [];
  const make = (name: string, over: Promise<void>) =>
    delivery.made({ over, ahead: async () => 0, leave: () => left.push(name), stop: () => assert.fail() });
  make("over", Promise.resolve());
  make("open", new Promise(() => {}));
  await turn();
  delivery.end();
  assert.deepEqual(left, [], "an application goes on");
  delivery.endsJobs = true;
  delivery.end();
  assert.deepEqual(left, ["open"]);
});

test("a stop is told to its jobs, also to one that is made after it; a cancel and a time limit are not", (t) => {
  for (const reason of [new DisconnectedError("dropped: shutdown"), new DOMException("late", "TimeoutError")]) {
    const { delivery } = begun(t);
    const told: unknown[] = [];
    const make = () => {
      delivery.made({ over: new Promise(() => {}), ahead: async () => 0, leave() {}, stop: (why) => told.push(why) });
    };
    make();
    delivery.abort(reason);
    make();
    assert.deepEqual(told, reason instanceof DisconnectedError ? [reason, reason] : []);
    t.mock.timers.reset();
  }
});

describe("what earlier deliveries have left behind", () => {
  const past = { uncertain: [{ method: "sendMessage", body: '{"chat_id":1,"text":"one"}' }], saved: '{"page":7}' };

  test("uncertain calls are outgoing events, and the saved state is a value", (t) => {
    const { delivery } = begun(t, undefined, { past });
    assert.deepEqual(delivery.uncertain, [{ type: "telegram.send_message", chat_id: 1, text: "one" }]);
    assert.deepEqual(delivery.saved, { page: 7 });
  });

  test("a first delivery has none", (t) => {
    const { delivery } = begun(t);
    assert.deepEqual(delivery.uncertain, []);
    assert.equal(delivery.saved, undefined);
  });

  test("a saved state is posted, and is there for the worker's next attempt", (t) => {
    const item: Pick<EventItem, "past"> = { past };
    const { delivery, heard } = begun(t, undefined, item);
    delivery.save({ page: 8 });
    assert.deepEqual(heard, ['saved: {"page":8}']);
    assert.deepEqual(delivery.saved, { page: 8 });
    assert.deepEqual(item.past, { uncertain: past.uncertain, saved: '{"page":8}' });
  });

  test("save() refuses what is no JSON, more than 64 KB, and an event that is settled", (t) => {
    const { delivery, heard } = begun(t);
    assert.throws(() => delivery.save(undefined), TypeError);
    assert.throws(() => delivery.save("ж".repeat(32 * 1024)), /at most 64 KB of JSON, not 65 KB/);
    delivery.save("x".repeat(64 * 1024 - 2));
    assert.equal(heard.length, 1);
    delivery.end();
    assert.throws(() => delivery.save(1), /update 900 is settled/);
  });
});
