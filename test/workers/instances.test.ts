import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import fc from "fast-check";
import { Batch } from "../../src/protocol/batch.ts";
import { attachDelivery, delivery } from "../../src/protocol/delivery.ts";
import { DisconnectedError, RetryLater, TelegramError } from "../../src/protocol/errors.ts";
import type { Call, ToMain } from "../../src/protocol/port.ts";
import { LIMIT_GRACE } from "../../src/protocol/pulse.ts";
import { type LineKind, type Route, routeOf, type TelegramObject } from "../../src/protocol/route.ts";
import { SHARDS, shardOf, shardOfLine } from "../../src/protocol/shard.ts";
import type { Caller } from "../../workers/calls.ts";
import { currentContext, currentEvent } from "../../workers/current-event.ts";
import { EventDelivery } from "../../workers/event-delivery.ts";
import type { Delivered } from "../../workers/instance.ts";
import { Instances, type InstancesOptions } from "../../workers/instances.ts";
import { Retries } from "../../workers/retries.ts";
import { isSettled } from "../settled.ts";

interface Event {
  type: string;
  text?: string;
  reason?: string;
}
interface Scope {
  chat: { id: number };
  state: Record<string, unknown>;
}
type Receive = () => Promise<Event>;
type Send = (event: unknown) => Promise<unknown>;
type Application = (scope: Scope, receive: Receive, send: Send) => unknown;

const BOT = { id: 1 };
/** Long enough for everything that waits for promises alone. */
const turn = () => new Promise(setImmediate);
/** The shard of a chat or user. */
const shard = (id: number) => shardOf(id, SHARDS);

/** Instances on a clock of their own. Every fact that leaves them is recorded. */
function setUp(t: TestContext, application: Application, options: Partial<InstancesOptions> = {}) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  t.mock.method(performance, "now", () => now);
  const settled: number[] = [];
  const failed: { seq: number; scope: string | undefined; error: string }[] = [];
  const kept: number[] = [];
  const retried: { seq: number; after: number; error: string }[] = [];
  const threw: { seq: number; after: number | undefined; error: string }[] = [];
  const log: string[] = [];
  const dropped: string[] = [];
  const calls: Call[] = [];
  const instances: Instances = new Instances({
    application: application as never,
    state: {},
    max: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    eventTimeout: Number.POSITIVE_INFINITY,
    moveTimeout: 8000,
    reporter: {
      log: (level, message, _error, place) => {
        if (level !== "debug") log.push(`${level}: ${place?.scope}: ${message}`);
      },
    },
    outbound: {
      push(item: ToMain) {
        if (item.type === "settled") settled.push(...item.seqs);
        else if (item.type === "kept") kept.push(item.seq);
        else if (item.type === "busy") calls.push(item.call);
        else if (item.type === "retry") retried.push(item);
        else if (item.type === "threw") threw.push(item);
        else if (item.type === "failed") failed.push({ scope: undefined, ...item });
        else assert.fail(`an item of type ${item.type}`);
      },
      last: undefined,
      flush() {
        flushes += 1;
      },
    },
    calls: { make: async (call) => calls.push(call) },
    pulse: { willWorkAt() {}, count: (reason) => dropped.push(reason) },
    deadLetters: { tell: () => undefined },
    retries: new Retries(0),
    again: ({ seq, attempt, body }) =>
      delivered(seq, routeOf("message", { chat: { id: chats.get(seq) } }, BOT), body, attempt),
    ...options,
  });
  let flushes = 0;
  let seq = 0;
  /** The chat of each event. */
  const chats = new Map<number, number>();
  const delivered = (seq: number, route: Route, text: string, attempt = 1): Delivered => {
    const event: Event = { type: "telegram.message", text };
    const delivery = new EventDelivery(seq, attempt);
    attachDelivery(event, delivery);
    return { seq, event, route, delivery, item: { seq, attempt, body: text }, update: {} };
  };
  const deliverAs = (number: number, route: Route, text = "x") => {
    chats.set(number, route.id);
    instances.deliver(delivered(number, route, text));
  };
  return {
    instances,
    settled,
    failed,
    retried,
    threw,
    kept,
    log,
    dropped,
    calls,
    flushes: () => flushes,
    /** Delivers a message to the chat. @returns its number */
    deliver(chat: number, text = "x"): number {
      deliverAs(++seq, routeOf("message", { chat: { id: chat } }, BOT), text);
      return seq;
    },
    /** Delivers an update of any kind. @returns its number */
    deliverPayload(kind: string, payload: TelegramObject, line?: LineKind): number {
      deliverAs(++seq, routeOf(kind, payload, BOT, line));
      return seq;
    },
    /** Delivers a message again, which no application had received. */
    deliverAgain(number: number, chat: number, text = "x"): void {
      deliverAs(number, routeOf("message", { chat: { id: chat } }, BOT), text);
    },
    pass(milliseconds: number): void {
      for (const end = now + milliseconds; now < end; ) {
        now += 10;
        t.mock.timers.tick(10);
      }
    },
  };
}

/** An application that keeps a diary: `1 starts`, `1 gets a`, `1 disconnects: shutdown`. */
function diary() {
  const lines: string[] = [];
  const application: Application = async ({ chat }, receive) => {
    lines.push(`${chat.id} starts`);
    for (;;) {
      const event = await receive();
      if (event.type === "telegram.disconnect") {
        lines.push(`${chat.id} disconnects: ${event.reason}`);
        return;
      }
      lines.push(`${chat.id} gets ${event.text}`);
    }
  };
  return { lines, application };
}

suite("the instance of a scope", () => {
  test("the first event of a scope makes its instance, which gets the following ones in order", async (t) => {
    const { lines, application } = diary();
    const { deliver, settled } = setUp(t, application);
    deliver(1, "a");
    deliver(1, "b");
    deliver(2, "c");
    await turn();
    deliver(1, "d");
    await turn();
    assert.deepEqual(lines.toSorted(), ["1 gets a", "1 gets b", "1 gets d", "1 starts", "2 gets c", "2 starts"]);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("1")),
      ["1 starts", "1 gets a", "1 gets b", "1 gets d"],
    );
    assert.deepEqual(settled.toSorted(), [1, 2, 3, 4]);
  });

  test("an instance's code runs in a context that names its scope and the event that it holds", async (t) => {
    const seen: string[] = [];
    const see = () => {
      const { instance, held } = currentContext()!;
      seen.push(`${instance.key} ${held?.seq}`);
    };
    const { deliver } = setUp(t, async (_, receive) => {
      see();
      await receive();
      await turn();
      see();
    });
    deliver(1);
    deliver(2);
    assert.equal(currentContext(), undefined);
    await turn();
    await turn();
    assert.deepEqual(seen, ["chat:1 undefined", "chat:2 undefined", "chat:1 1", "chat:2 2"]);
  });

  test("an instance works while others wait", async (t) => {
    const slow = Promise.withResolvers<void>();
    const { deliver, settled } = setUp(t, async ({ chat }, receive) => {
      for (;;) {
        await receive();
        if (chat.id === 1) await slow.promise;
      }
    });
    deliver(1);
    const [second, third] = [deliver(2), deliver(2)];
    await turn();
    assert.deepEqual(settled, [second, third]);
    slow.resolve();
    await turn();
    assert.equal(settled.length, 3);
  });

  test("an instance has a copy of the lifespan's state, and sends to its own chat", async (t) => {
    const state = { database: {} };
    const states: unknown[] = [];
    const { deliver, calls } = setUp(
      t,
      async (scope, _receive, send) => {
        states.push(scope.state);
        scope.state.own = 1;
        await send({ type: "telegram.send_message", text: "x" });
      },
      { state },
    );
    deliver(1);
    deliver(2);
    await turn();
    assert.deepEqual(state, { database: {} });
    assert.notEqual(states[0], states[1]);
    assert.deepEqual(
      calls.map(({ lane }) => lane),
      ["1", "2"],
    );
  });
});

suite("an application that returns", () => {
  test("an application that returns settles its event, and the next event makes a new instance", async (t) => {
    const starts: number[] = [];
    const { deliver, settled, failed, log } = setUp(t, async ({ chat }, receive) => {
      starts.push(chat.id);
      await receive();
    });
    deliver(1);
    await turn();
    deliver(1);
    await turn();
    assert.deepEqual(starts, [1, 1]);
    assert.deepEqual(settled, [1, 2]);
    assert.deepEqual([failed, log], [[], []]);
  });

  test("the next instance's event waits while 1,000 calls of those before it have no answer", async (t) => {
    const received: unknown[] = [];
    const callers: Caller[] = [];
    const make = async (_call: Call, _scope: string, caller: Caller) => void callers.push(caller);
    const { deliver, settled } = setUp(
      t,
      async (_scope, receive, send) => {
        received.push((await receive()).text);
        for (let i = 0; i < 500; i++) void send({ type: "telegram.get_me" });
      },
      { calls: { make } as InstancesOptions["calls"] },
    );
    for (const text of ["a", "b", "c", "d"]) deliver(1, text);
    deliver(2, "e");
    await turn();
    assert.deepEqual(received, ["a", "e", "b"]);
    const [first, ...others] = callers;
    first!.answered();
    await turn();
    assert.deepEqual(received, ["a", "e", "b", "c"]);
    for (const caller of others) caller.answered();
    await turn();
    assert.deepEqual([received.length, settled.length], [5, 5]);
  });

  test("events queued behind an application that returns go to the next instance, each once", async (t) => {
    const received: unknown[] = [];
    const { deliver, settled } = setUp(t, async (_scope, receive) => {
      received.push((await receive()).text);
      received.push((await receive()).text);
    });
    for (const text of ["a", "b", "c", "d", "e"]) deliver(1, text);
    await turn();
    assert.deepEqual(received, ["a", "b", "c", "d", "e"]);
    assert.deepEqual(settled, [1, 2, 3, 4, 5]);
  });

  test("an application that returns without calling receive() has handled its event; each is logged", async (t) => {
    const { deliver, settled, log } = setUp(t, () => {});
    deliver(1);
    deliver(1);
    deliver(1);
    await turn();
    assert.deepEqual(settled, [1, 2, 3]);
    assert.equal(log.length, 3);
    assert.equal(
      log[0],
      "warn: chat:1: the application returned without calling receive(); the event counts as handled",
    );
  });
});

suite("an application that throws", () => {
  test("an application that throws fails its event, and queued events go to the next instance", async (t) => {
    const { deliver, settled, failed } = setUp(t, async (_scope, receive) => {
      for (;;) {
        const { text } = await receive();
        if (text === "b") throw new Error("I do not like b");
      }
    });
    for (const text of ["a", "b", "c"]) deliver(7, text);
    await turn();
    assert.deepEqual(settled, [1, 3]);
    assert.equal(failed.length, 1);
    assert.equal(failed[0]!.seq, 2);
    assert.equal(failed[0]!.scope, "chat:7");
    assert.match(failed[0]!.error, /^Error: I do not like b\n {4}at .*instances\.test\.ts/);
  });

  for (const [how, application] of [
    ["before receive()", async () => Promise.reject(new Error("no"))],
    [
      "synchronously",
      () => {
        throw new Error("no");
      },
    ],
  ] as [string, Application][]) {
    test(`an application that throws ${how} fails the event that it was called for, one by one`, async (t) => {
      const { deliver, settled, failed } = setUp(t, application);
      deliver(1);
      deliver(1);
      await turn();
      assert.deepEqual(settled, []);
      assert.deepEqual(
        failed.map(({ seq }) => seq),
        [1, 2],
      );
    });
  }

  test("an application that throws while it holds no event fails none, and the error is logged", async (t) => {
    const { deliver, settled, failed, log } = setUp(t, async (_scope, receive) => {
      await receive();
      void receive();
      throw new Error("too late");
    });
    deliver(1);
    await turn();
    assert.deepEqual([settled, failed], [[1], []]);
    assert.deepEqual(log, ["error: chat:1: the application threw while it held no event"]);
  });

  test("an uncaught TelegramError fails the event, with Telegram's description", async (t) => {
    const make = () => Promise.reject(new TelegramError("sendMessage", 403, "Forbidden: bot was blocked by the user"));
    const { deliver, failed } = setUp(
      t,
      async (_scope, receive, send) => {
        await receive();
        await send({ type: "telegram.send_message", text: "x" });
      },
      { calls: { make } },
    );
    deliver(1);
    await turn();
    assert.match(failed[0]!.error, /^TelegramError: sendMessage: 403 Forbidden: bot was blocked by the user/);
  });

  test("an uncaught DisconnectedError settles the event", async (t) => {
    const { deliver, settled, failed, log } = setUp(t, async (_scope, receive) => {
      await receive();
      throw new DisconnectedError("gone");
    });
    deliver(1);
    await turn();
    assert.deepEqual([settled, failed, log], [[1], [], []]);
  });

  test("an error that cannot be shown fails the event all the same", async (t) => {
    const hostile = {
      [Symbol.for("nodejs.util.inspect.custom")]() {
        throw new Error("not me");
      },
    };
    const { deliver, failed } = setUp(t, () => {
      throw hostile;
    });
    deliver(1);
    await turn();
    assert.equal(failed[0]?.error, "an error that cannot be shown");
  });
});

test("an invalid event is refused, with a warning that names the scope and the key", async (t) => {
  const { deliver, log, calls } = setUp(t, async (_scope, receive, send) => {
    await receive();
    await send({ type: "telegram.send_message" }).catch(() => {});
    await receive();
  });
  deliver(1);
  await turn();
  assert.deepEqual(calls, []);
  assert.deepEqual(log, [
    'warn: chat:1: send() refused an event: InvalidEventError: telegram.send_message needs "text"',
  ]);
});

test("events that are settled one after another leave as one item, and failed ones keep their place", async (t) => {
  const { port1, port2 } = new MessageChannel();
  const posted: ToMain[] = [];
  const outbound = new Batch<ToMain>(port1, () => {});
  port1.postMessage = (items: ToMain[]) => posted.push(...items);
  const { deliver } = setUp(
    t,
    async (_scope, receive) => {
      for (;;) if ((await receive()).text === "no") throw "no";
    },
    { outbound },
  );
  for (const text of ["yes", "yes", "no", "yes", "yes"]) deliver(1, text);
  await turn();
  outbound.flush();
  assert.deepEqual(posted, [
    { type: "settled", seqs: [1, 2] },
    { type: "failed", seq: 3, error: "a thrown string: 'no'", scope: "chat:1", update_id: 3, kind: "message" },
    { type: "settled", seqs: [4, 5] },
  ]);
  port2.close();
});

suite("an event with open work", () => {
  /** Starts work at each event whose text is "job", and goes on. */
  function worker() {
    const jobs: PromiseWithResolvers<unknown>[] = [];
    const seen: string[] = [];
    const application: Application = async (_scope, receive) => {
      for (;;) {
        const event = await receive();
        if (event.type === "telegram.disconnect") return;
        seen.push(event.text ?? "");
        if (event.text !== "job") continue;
        const job = Promise.withResolvers<unknown>();
        jobs.push(job);
        delivery(event)!.waitUntil(job.promise);
      }
    };
    return { jobs, seen, application };
  }

  test("stays unsettled while the scope's next events come, and is settled when its work is over", async (t) => {
    const { jobs, seen, application } = worker();
    const { deliver, settled, kept } = setUp(t, application);
    const job = deliver(1, "job");
    const next = deliver(1, "/cancel");
    await turn();
    assert.deepEqual(seen, ["job", "/cancel"]);
    assert.deepEqual([kept, settled], [[job], [next]]);
    jobs[0]!.resolve(1);
    await turn();
    assert.deepEqual(settled, [next, job]);
  });

  test("fails if its work rejects, and the instance goes on", async (t) => {
    const { jobs, application } = worker();
    const { deliver, failed, settled } = setUp(t, application);
    const job = deliver(1, "job");
    await turn();
    jobs[0]!.reject(new Error("no luck"));
    await turn();
    assert.match(failed[0]!.error, /no luck/);
    assert.equal(failed[0]!.seq, job);
    deliver(1, "more");
    await turn();
    assert.deepEqual(settled, [2]);
  });

  test("fails if its work has rejected before its application returns", async (t) => {
    const { deliver, failed, settled } = setUp(t, async (_scope, receive) => {
      delivery(await receive())!.waitUntil(Promise.reject(new Error("no luck")));
      await turn();
    });
    deliver(1);
    await turn();
    await turn();
    assert.deepEqual([failed.map(({ seq }) => seq), settled], [[1], []]);
  });

  test("keeps its instance from being idle or evicted", async (t) => {
    const { jobs, application } = worker();
    const { instances, deliver, dropped, pass } = setUp(t, application, { max: 1, idleTimeout: 1000 });
    deliver(1, "job");
    await turn();
    pass(10_000);
    deliver(2, "other");
    await turn();
    assert.equal(instances.size, 2);
    assert.deepEqual(dropped, []);
    jobs[0]!.resolve(1);
    await turn();
    pass(2000);
    assert.deepEqual(dropped, ["idle", "idle"]);
  });

  test("is settled after its application has returned, whose next event begins a new instance", async (t) => {
    const job = Promise.withResolvers<unknown>();
    let instances = 0;
    const {
      instances: all,
      deliver,
      settled,
      calls,
    } = setUp(t, async (_scope, receive, send) => {
      instances += 1;
      const event = await receive();
      if (event.text !== "job") return;
      delivery(event)!.waitUntil(job.promise.then(() => send({ type: "telegram.send_message", text: "done" })));
    });
    deliver(1, "job");
    await turn();
    deliver(1, "next");
    await turn();
    assert.deepEqual([instances, settled, all.size], [2, [2], 1]);
    job.resolve(1);
    await turn();
    assert.equal(calls[0]?.method, "sendMessage");
    assert.deepEqual([settled, all.size], [[2, 1], 0]);
  });

  test("is told of a stop at once, can still send, and is waited for", async (t) => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>();
    const { instances, deliver, settled, calls } = setUp(t, async (_scope, receive, send) => {
      for (;;) {
        const event = await receive();
        if (event.type === "telegram.disconnect") return;
        const { signal } = delivery(event)!;
        signal.addEventListener("abort", () => abort(signal.reason));
        delivery(event)!.waitUntil(aborted.then(() => send({ type: "telegram.send_message", text: "half done" })));
      }
    });
    deliver(1, "job");
    await turn();
    const drained = instances.drain("shutdown");
    assert.ok((await aborted) instanceof DisconnectedError);
    assert.deepEqual(await drained, []);
    assert.equal(calls.length, 1);
    assert.deepEqual(settled, [1]);
  });

  test("is given up where its work ends by the abort at a stop: it will be delivered again", async (t) => {
    const { instances, deliver, settled, failed } = setUp(t, async (_scope, receive) => {
      for (;;) {
        const event = await receive();
        if (event.type === "telegram.disconnect") return;
        const { signal } = delivery(event)!;
        const work = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        delivery(event)!.waitUntil(work);
      }
    });
    deliver(1, "job");
    await turn();
    await instances.revoke(shard(1));
    assert.deepEqual([settled, failed], [[], []]);
    assert.equal(instances.size, 0);
  });

  test("is settled where cancel() ends its work, and is a dead letter where a time limit does", async (t) => {
    const events: Event[] = [];
    const { deliver, settled, failed } = setUp(t, async (_scope, receive) => {
      for (;;) {
        const event = await receive();
        events.push(event);
        const { signal } = delivery(event)!;
        const work = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        delivery(event)!.waitUntil(work);
      }
    });
    deliver(1, "job");
    deliver(1, "job");
    await turn();
    delivery(events[0]!)!.cancel();
    (delivery(events[1]!) as EventDelivery).abort(new DOMException("the event took longer than 1 s", "TimeoutError"));
    await turn();
    assert.deepEqual(settled, [1]);
    assert.match(failed[0]!.error, /TimeoutError.*: the event took longer than 1 s/);
  });

  test("is the event of its own code, also when the instance has gone on", async (t) => {
    const seen: unknown[] = [];
    const go = Promise.withResolvers<void>();
    const { deliver } = setUp(t, async (_scope, receive) => {
      for (;;) {
        const { text } = await receive();
        const job = async () => {
          await go.promise;
          seen.push([text, currentEvent()?.seq]);
        };
        delivery(currentEvent()!.event)!.waitUntil(job());
      }
    });
    deliver(1, "a");
    deliver(1, "b");
    await turn();
    go.resolve();
    await turn();
    assert.deepEqual(seen, [
      ["a", 1],
      ["b", 2],
    ]);
  });
});

suite("an event whose time is over", () => {
  test("is a dead letter; its instance ends, and the scope's next event begins a new one", async (t) => {
    const late: { send?: Send } = {};
    const stuck = Promise.withResolvers<void>();
    let instances = 0;
    const application: Application = async (_scope, receive, send) => {
      instances += 1;
      const event = await receive();
      if (event.text !== "stuck") return;
      late.send = send;
      await stuck.promise;
      throw new Error("too late to matter");
    };
    const { deliver, failed, settled } = setUp(t, application, { eventTimeout: 1000 });
    const number = deliver(1, "stuck");
    deliver(1, "next");
    await turn();
    assert.equal(instances, 1);
    t.mock.timers.tick(1000);
    t.mock.timers.tick(LIMIT_GRACE);
    await turn();
    assert.equal(failed[0]!.seq, number);
    assert.deepEqual([instances, settled], [2, [2]]);
    await assert.rejects(late.send!({ type: "telegram.send_message", text: "late" }), DisconnectedError);
    stuck.resolve();
    await turn();
    assert.equal(failed.length, 1);
  });

  test("its code cannot send any more, also where its instance goes on or has other work open", async (t) => {
    const go = Promise.withResolvers<void>();
    const sent: unknown[] = [];
    const { deliver, failed } = setUp(t, async (_scope, receive, send) => {
      for (;;) {
        const { text } = await receive();
        const report = async () => {
          await go.promise;
          const outcome = send({ type: "telegram.send_message", text });
          sent.push([
            text,
            await outcome.then(
              () => "sent",
              ({ name }) => name,
            ),
          ]);
        };
        const own = currentEvent()!.delivery;
        if (text !== "in time") own.timeout(1000);
        if (text === "at hand") await report();
        else own.waitUntil(report());
      }
    });
    for (const text of ["late", "in time", "at hand"]) deliver(1, text);
    await turn();
    t.mock.timers.tick(1000);
    t.mock.timers.tick(LIMIT_GRACE);
    go.resolve();
    await turn();
    assert.deepEqual(
      failed.map(({ seq }) => seq),
      [1, 3],
    );
    assert.deepEqual(sent.sort(), [
      ["at hand", "DisconnectedError"],
      ["in time", "sent"],
      ["late", "DisconnectedError"],
    ]);
  });
});

suite("an event at which the application is busy", () => {
  test("an action for the chat is posted at once: the thread may be blocked a moment later", async (t) => {
    const { deliver, calls, flushes } = setUp(t, async (_, receive) => {
      delivery((await receive()) as object)!.busy("upload_video");
    });
    deliver(5);
    await turn();
    assert.deepEqual(
      calls.map(({ body }) => body),
      ['{"action":"upload_video","chat_id":5}'],
    );
    assert.equal(flushes(), 1);
  });

  test("in a topic's scope actions and messages go to the topic", async (t) => {
    const { deliverPayload, calls } = setUp(t, async (_, receive, send) => {
      delivery((await receive()) as object)!.busy();
      await send({ type: "telegram.send_message", text: "x" });
    });
    deliverPayload("message", { chat: { id: 5 }, message_thread_id: 7, is_topic_message: true }, "topic");
    await turn();
    const body = (call: Call) => JSON.parse(call.body);
    assert.deepEqual(calls.map(body), [
      { action: "typing", chat_id: 5, message_thread_id: 7 },
      { text: "x", chat_id: 5, message_thread_id: 7 },
    ]);
    assert.deepEqual(new Set(calls.map(({ lane }) => lane)), new Set(["5"]));
  });

  test("an event without a chat shows nothing", async (t) => {
    const { deliverPayload, calls, settled } = setUp(t, async (_, receive) => {
      delivery((await receive()) as object)!.busy();
    });
    deliverPayload("inline_query", { from: { id: 5 } });
    await turn();
    assert.deepEqual(calls, []);
    assert.deepEqual(settled, [1]);
  });
});

suite("a dead letter of which the application is told", () => {
  /** A teller whose handlers the test ends. */
  function telling() {
    const told: { seq: number; error: unknown; over(): void }[] = [];
    const tell = ({ seq }: { seq: number }, error: unknown) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      told.push({ seq, error, over: resolve });
      return promise;
    };
    return { told, deadLetters: { tell } };
  }

  /** Fails at "boom", and notes all texts. */
  function fragile() {
    const got: string[] = [];
    const application: Application = async (_, receive) => {
      for (;;) {
        const { text } = await receive();
        if (text === undefined) return;
        got.push(text);
        if (text === "boom") throw new Error("boom");
        if (text === "later boom") currentEvent()!.delivery.waitUntil(Promise.reject(new Error("later boom")));
      }
    };
    return { got, application };
  }

  test("the chat's next events wait for the handler, also those that came before the failure; other chats do not", async (t) => {
    const { told, deadLetters } = telling();
    const { got, application } = fragile();
    const { deliver, failed } = setUp(t, application, { deadLetters });
    deliver(5, "boom");
    deliver(5, "second");
    await turn();
    deliver(5, "third");
    deliver(6, "elsewhere");
    await turn();
    assert.deepEqual(got, ["boom", "elsewhere"]);
    assert.equal(failed.length, 1);
    assert.deepEqual(
      told.map(({ seq, error }) => [seq, (error as Error).message]),
      [[1, "boom"]],
    );
    told[0]!.over();
    await turn();
    assert.deepEqual(got, ["boom", "elsewhere", "second", "third"]);
  });

  test("the application is told of open work that fails, while its instance goes on", async (t) => {
    const { told, deadLetters } = telling();
    const { got, application } = fragile();
    const { instances, deliver } = setUp(t, application, { deadLetters });
    deliver(5, "later boom");
    await turn();
    deliver(5, "next");
    await turn();
    assert.deepEqual(
      told.map(({ seq, error }) => [seq, (error as Error).message]),
      [[1, "later boom"]],
    );
    told[0]!.over();
    await turn();
    assert.deepEqual(got, ["later boom", "next"]);
    assert.equal(instances.size, 1);
  });

  test("the application is told of a dead letter that the main thread made, before the chat's next event", async (t) => {
    const { told, deadLetters } = telling();
    const { got, application } = fragile();
    const { instances, deliver, failed } = setUp(t, application, { deadLetters });
    const payload = { chat: { id: 5 }, text: "x" };
    const event = { type: "telegram.message", ...payload };
    const error = new Error("its worker died");
    const route = routeOf("message", payload, BOT);
    const item = { seq: 90, attempt: 3, body: "{}" };
    instances.deadLettered({ seq: 90, event, route, delivery: new EventDelivery(90, 3), item, update: {} }, error);
    deliver(5, "next");
    await turn();
    assert.deepEqual(got, []);
    assert.deepEqual([told[0]?.seq, told[0]?.error], [90, error]);
    assert.deepEqual(failed, []);
    told[0]!.over();
    await turn();
    assert.deepEqual(got, ["next"]);
  });

  test("drain() waits for the handler, and hands back the events that waited for it", async (t) => {
    const { told, deadLetters } = telling();
    const { got, application } = fragile();
    const { instances, deliver } = setUp(t, application, { deadLetters });
    deliver(5, "boom");
    const waiting = [deliver(5, "second")];
    await turn();
    waiting.push(deliver(5, "third"));
    const drained = instances.drain("shutdown");
    await turn();
    assert.equal(await isSettled(drained), false);
    told[0]!.over();
    assert.deepEqual(await drained, waiting);
    assert.deepEqual(got, ["boom"]);
  });

  test("revoke() waits for the handler, and hands back the events that waited for it", async (t) => {
    const { told, deadLetters } = telling();
    const { got, application } = fragile();
    const { instances, deliver } = setUp(t, application, { deadLetters });
    deliver(5, "boom");
    await turn();
    const waiting = deliver(5, "second");
    const revoked = instances.revoke(shard(5));
    await turn();
    assert.equal(await isSettled(revoked), false);
    told[0]!.over();
    assert.deepEqual(await revoked, [waiting]);
    assert.deepEqual(got, ["boom"]);
  });
});

suite("more instances than are kept", () => {
  test("the instance that has been idle the longest is evicted", async (t) => {
    const { lines, application } = diary();
    const { instances, deliver, dropped } = setUp(t, application, { max: 2 });
    for (const chat of [1, 2]) {
      deliver(chat);
      await turn();
    }
    deliver(1, "again");
    await turn();
    lines.length = 0;
    deliver(3);
    await turn();
    assert.deepEqual(lines, ["3 starts", "2 disconnects: evicted", "3 gets x"]);
    assert.equal(instances.size, 2);
    assert.deepEqual(dropped, ["evicted"]);
  });

  test("an evicted scope's next event makes a new instance", async (t) => {
    const { lines, application } = diary();
    const { deliver, settled } = setUp(t, application, { max: 1 });
    for (const chat of [1, 2, 1]) {
      deliver(chat);
      await turn();
    }
    assert.deepEqual(
      lines.filter((line) => line.startsWith("1")),
      ["1 starts", "1 gets x", "1 disconnects: evicted", "1 starts", "1 gets x"],
    );
    assert.deepEqual(settled, [1, 2, 3]);
  });

  test("an instance at work, or with events queued, is not evicted: there are too many for a while", async (t) => {
    const work = Promise.withResolvers<void>();
    const reasons: unknown[] = [];
    const { deliver, settled } = setUp(
      t,
      async (_scope, receive) => {
        for (;;) {
          const event = await receive();
          if (event.type === "telegram.disconnect") return reasons.push(event.reason);
          await work.promise;
        }
      },
      { max: 1 },
    );
    for (const chat of [1, 1, 2, 3, 3]) deliver(chat);
    await turn();
    assert.deepEqual([reasons, settled], [[], []]);
    work.resolve();
    await turn();
    assert.equal(settled.length, 5, "nothing was lost");
    deliver(4);
    await turn();
    assert.deepEqual(reasons, ["evicted", "evicted", "evicted"], "the excess goes when the next one comes");
  });
});

suite("the idle timeout", () => {
  test("an instance without an event for the idle timeout is dropped, and no other", async (t) => {
    const { lines, application } = diary();
    const { deliver, pass } = setUp(t, application, { idleTimeout: 1000 });
    deliver(1);
    deliver(2);
    await turn();
    pass(900);
    deliver(2, "again");
    await turn();
    pass(500);
    await turn();
    assert.deepEqual(
      lines.filter((line) => line.includes("disconnects")),
      ["1 disconnects: idle"],
    );
    pass(1000);
    await turn();
    assert.deepEqual(
      lines.filter((line) => line.includes("disconnects")),
      ["1 disconnects: idle", "2 disconnects: idle"],
    );
  });

  test("an instance that works for longer than the idle timeout is kept", async (t) => {
    const reasons: unknown[] = [];
    const work = Promise.withResolvers<void>();
    const { deliver, pass } = setUp(
      t,
      async (_scope, receive) => {
        await receive();
        await work.promise;
        reasons.push((await receive()).reason);
      },
      { idleTimeout: 100 },
    );
    deliver(1);
    await turn();
    pass(1000);
    work.resolve();
    await turn();
    assert.deepEqual(reasons, []);
    pass(50);
    assert.deepEqual(reasons, [], "it has only just become idle");
    pass(100);
    await turn();
    assert.deepEqual(reasons, ["idle"]);
  });
});

suite("events that wait for 30 s behind an application", () => {
  test("an application that has never called receive() is logged once", async (t) => {
    const { deliver, pass, log, settled } = setUp(t, () => new Promise(() => {}));
    deliver(1);
    pass(29_000);
    assert.deepEqual(log, []);
    pass(2000);
    assert.deepEqual(log, ["warn: chat:1: the application has not called receive() for 30 s; 1 event waits"]);
    pass(60_000);
    deliver(1);
    pass(60_000);
    assert.equal(log.length, 1);
    assert.deepEqual(settled, []);
  });

  test("an application at one event for 30 s is logged as such", async (t) => {
    const { deliver, pass, log } = setUp(t, async (_scope, receive) => {
      await receive();
      await new Promise(() => {});
    });
    deliver(1);
    await turn();
    pass(40_000);
    assert.deepEqual(log, [], "nothing waits");
    deliver(1);
    deliver(1);
    pass(1000);
    assert.deepEqual(log, ["warn: chat:1: the application has been at an event for 30 s; 2 events wait"]);
  });

  test("an application is logged however often another event comes", async (t) => {
    const { deliver, pass, log } = setUp(t, () => new Promise(() => {}));
    for (let i = 0; i < 20; i++) {
      deliver(1);
      pass(2000);
    }
    assert.equal(log.length, 1);
    assert.match(log[0]!, /for 30 s; 1\d events wait$/);
  });

  test("an application that works through its events is not logged", async (t) => {
    let done = Promise.withResolvers<void>();
    const { deliver, pass, log } = setUp(t, async (_scope, receive) => {
      for (;;) {
        await receive();
        await done.promise;
      }
    });
    for (let i = 0; i < 10; i++) deliver(1);
    for (let i = 0; i < 9; i++) {
      pass(10_000);
      done.resolve();
      done = Promise.withResolvers();
      await turn();
    }
    assert.deepEqual(log, []);
    for (let i = 0; i < 2; i++) deliver(1);
    pass(31_000);
    assert.equal(log.length, 1, "it is stuck now");
  });
});

test("each event is settled or has failed once, in the order of its scope, or is unseen and can be delivered again", async (t) => {
  // The application's reaction to an event, and whether others go first.
  const delivery = fc.record({
    chat: fc.integer({ min: 1, max: 3 }),
    does: fc.constantFrom("go on", "return", "throw", "return unasked", "throw unasked", "go on", "go on"),
    waits: fc.boolean(),
    pause: fc.boolean(),
    /** Revoke the shard of that chat before this delivery, and deliver its unseen events again. */
    revoke: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 6 }),
  });
  const options = fc.record({
    max: fc.integer({ min: 1, max: 3 }),
    /** Number of deliveries after the drain. */
    leave: fc.nat(3),
    /** True if the application returns after telegram.disconnect; else it calls receive() again. */
    leaves: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { maxLength: 30 }), options, async (deliveries, { max, leave, leaves }) => {
      t.mock.reset();
      const seen: { chat: number; seq: number }[] = [];
      const running = new Set<number>();
      const overlaps: number[] = [];
      const application: Application = async ({ chat }, receive) => {
        if (running.has(chat.id)) overlaps.push(chat.id);
        running.add(chat.id);
        try {
          const first = deliveries.find(({ chat: of }, i) => of === chat.id && !fates().has(i + 1));
          if (first?.waits) await turn();
          if (first?.does === "return unasked") return;
          if (first?.does === "throw unasked") throw new Error("no");
          for (;;) {
            const event = await receive();
            if (event.type === "telegram.disconnect") {
              running.delete(chat.id);
              if (leaves) return;
              continue;
            }
            const seq = Number(event.text);
            const { does, waits } = deliveries[seq - 1]!;
            seen.push({ chat: chat.id, seq });
            if (waits) await turn();
            if (does.startsWith("throw")) throw new Error("no");
            if (does.startsWith("return")) return;
          }
        } finally {
          running.delete(chat.id);
        }
      };
      const { instances, deliver, deliverAgain, settled, failed } = setUp(t, application, { max });
      const fates = () => new Set([...settled, ...failed.map(({ seq }) => seq)]);
      const late = Math.max(0, deliveries.length - leave);
      for (const [i, { chat, pause, revoke }] of deliveries.entries()) {
        if (i === late) await instances.drain("shutdown");
        if (i < late && revoke !== null) {
          const unseen = await instances.revoke(shard(revoke));
          assert.equal(running.has(revoke), false, "an instance of the shard runs");
          for (const seq of unseen) {
            assert.equal(deliveries[seq - 1]!.chat, revoke, `${seq} is of another shard`);
            assert.ok(!fates().has(seq) && !seen.some((one) => one.seq === seq), `${seq} was received`);
          }
          const before = deliveries.slice(0, i).map((delivery, n) => ({ ...delivery, seq: n + 1 }));
          const left = before.filter(({ chat, seq }) => chat === revoke && !fates().has(seq)).map(({ seq }) => seq);
          assert.deepEqual(unseen, left);
          for (const seq of unseen) deliverAgain(seq, revoke, String(seq));
        }
        deliver(chat, String(i + 1));
        if (pause) await turn();
      }
      if (late === deliveries.length) {
        for (let i = 0; i < 2 * deliveries.length + 2; i++) await turn();
        assert.equal(fates().size, deliveries.length, "all of them");
      }
      assert.deepEqual(overlaps, [], "two instances of one scope overlap");
      const unseen = await instances.drain("shutdown");
      for (const { seq } of seen) assert.ok(!unseen.includes(seq), `${seq} was received`);
      assert.equal(fates().size, settled.length + failed.length, "no event twice");
      for (const { seq } of seen) assert.ok(fates().has(seq), `${seq} was received and is not settled`);
      for (const chat of [1, 2, 3]) {
        const order = seen.filter((one) => one.chat === chat).map(({ seq }) => seq);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
        assert.equal(new Set(order).size, order.length, "received twice");
        const all = deliveries.map((one, i) => ({ ...one, seq: i + 1 })).filter((one) => one.chat === chat);
        const left = all.findIndex(({ seq }) => !fates().has(seq));
        for (const { seq } of left < 0 ? [] : all.slice(left)) assert.ok(!fates().has(seq), `${seq} was not its turn`);
      }
    }),
    { numRuns: 200 },
  );
});

suite("a scope whose instance is closing", () => {
  test("the next instance starts when the closing one has returned, with the events that came meanwhile", async (t) => {
    const goodbye = Promise.withResolvers<void>();
    const seen: string[] = [];
    let instances = 0;
    const { deliver, pass, settled } = setUp(
      t,
      async (_scope, receive) => {
        const number = ++instances;
        for (;;) {
          const event = await receive();
          seen.push(`${number}: ${event.text ?? event.type}`);
          if (event.type === "telegram.disconnect") return goodbye.promise;
        }
      },
      { idleTimeout: 100 },
    );
    deliver(1, "a");
    await turn();
    pass(200);
    await turn();
    deliver(1, "b");
    deliver(1, "c");
    await turn();
    assert.deepEqual(seen, ["1: a", "1: telegram.disconnect"]);
    goodbye.resolve();
    await turn();
    assert.deepEqual(seen.slice(2), ["2: b", "2: c"]);
    assert.deepEqual(settled, [1, 2, 3]);
  });

  test("the next instance waits 30 s at most", async (t) => {
    let instances = 0;
    const { deliver, pass, log } = setUp(
      t,
      async (_scope, receive) => {
        instances += 1;
        for (;;) if ((await receive()).type === "telegram.disconnect") await new Promise(() => {});
      },
      { idleTimeout: 100 },
    );
    deliver(1);
    await turn();
    pass(200);
    deliver(1);
    pass(29_000);
    assert.equal(instances, 1);
    pass(2000);
    assert.equal(instances, 2);
    assert.match(log.join(), /has not returned 30 s after telegram\.disconnect/);
  });

  test("an instance that returns after those 30 s leaves its successor in place", async (t) => {
    const late = Promise.withResolvers<void>();
    const received: string[] = [];
    let instances = 0;
    const setup = setUp(
      t,
      async (_scope, receive) => {
        const number = ++instances;
        for (;;) {
          const event = await receive();
          received.push(`${number}: ${event.text ?? event.type}`);
          if (event.type !== "telegram.disconnect") continue;
          if (number === 1) await late.promise;
          return;
        }
      },
      { idleTimeout: 20_000 },
    );
    const { deliver, pass, settled } = setup;
    deliver(1, "a");
    await turn();
    pass(21_000);
    await turn();
    deliver(1, "b");
    pass(31_000);
    await turn();
    deliver(1, "c");
    await turn();
    late.resolve();
    await turn();
    assert.equal(setup.instances.size, 1);
    deliver(1, "d");
    await turn();
    assert.deepEqual(received, ["1: a", "1: telegram.disconnect", "2: b", "2: c", "2: d"]);
    pass(21_000);
    await turn();
    assert.equal(received.at(-1), "2: telegram.disconnect", "its idle timeout still holds");
    assert.deepEqual(settled, [1, 2, 3, 4]);
    assert.equal(setup.instances.size, 0);
  });

  test("an instance that returns after those 30 s leaves its successor closing", async (t) => {
    const goodbyes = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const received: string[] = [];
    let instances = 0;
    const { deliver, pass } = setUp(
      t,
      async (_scope, receive) => {
        const number = ++instances;
        for (;;) {
          const event = await receive();
          received.push(`${number}: ${event.text ?? event.type}`);
          if (event.type === "telegram.disconnect") return goodbyes[number - 1]?.promise;
        }
      },
      { idleTimeout: 1000 },
    );
    deliver(1, "a");
    await turn();
    pass(2000);
    deliver(1, "b");
    pass(31_000);
    await turn();
    pass(2000);
    await turn();
    assert.deepEqual(received, ["1: a", "1: telegram.disconnect", "2: b", "2: telegram.disconnect"]);
    goodbyes[0]!.resolve();
    await turn();
    deliver(1, "c");
    await turn();
    assert.equal(instances, 2, "two instances of the scope do not overlap");
    goodbyes[1]!.resolve();
    await turn();
    assert.equal(received.at(-1), "3: c");
  });
});

suite("an event given up at a shutdown", () => {
  for (const [how, error] of Object.entries({
    "by the reason of the signal": undefined,
    "by an AbortError": Object.assign(new Error("aborted"), { name: "AbortError" }),
  })) {
    test(`an event given up ${how} is left for the next start`, async (t) => {
      const { deliver, instances, settled, failed } = setUp(t, async (scope, receive) => {
        await receive();
        const { signal } = (scope as unknown as { extensions: { signal: AbortSignal } }).extensions;
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(error ?? signal.reason)));
      });
      deliver(1);
      await turn();
      await instances.drain("shutdown");
      assert.deepEqual([settled, failed], [[], []]);
    });
  }

  test("an event is left, too, if the application gives up before its first receive()", async (t) => {
    const { deliver, instances, settled, failed, log } = setUp(t, async (scope) => {
      const { signal } = (scope as unknown as { extensions: { signal: AbortSignal } }).extensions;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const unseen = [deliver(1), deliver(1)];
    assert.deepEqual(await instances.drain("shutdown"), unseen);
    assert.deepEqual([settled, failed], [[], []]);
    assert.deepEqual(log, ["info: chat:1: an event was given up; it will be delivered again"]);
  });

  for (const [how, error, retries] of [
    ["by RetryLater", new RetryLater({ after: 10 }), 0],
    ["by a throw that --retry would try again", new Error("no"), 1],
  ] as const) {
    test(`an event given up ${how} is left for the next start, and is no dead letter`, async (t) => {
      const give = Promise.withResolvers<void>();
      const application: Application = async (_scope, receive) => {
        await receive();
        await give.promise;
      };
      const { deliver, instances, settled, failed, retried } = setUp(t, application, { retries: new Retries(retries) });
      deliver(1);
      await turn();
      const drained = instances.drain("reload");
      give.reject(error);
      await drained;
      assert.deepEqual([settled, failed, retried], [[], [], []]);
    });
  }

  test("an event whose application fails is a dead letter all the same", async (t) => {
    const fail = Promise.withResolvers<void>();
    const { deliver, instances, failed } = setUp(t, async (_scope, receive) => {
      await receive();
      await fail.promise;
    });
    deliver(1);
    await turn();
    const drained = instances.drain("shutdown");
    fail.reject(new Error("no"));
    await drained;
    assert.equal(failed.length, 1);
  });
});

suite("drain()", () => {
  test("drain() disconnects idle instances at once and others at receive(), and waits for all of them", async (t) => {
    const work = Promise.withResolvers<void>();
    const goodbye = Promise.withResolvers<void>();
    const lines: string[] = [];
    const { deliver, instances, settled } = setUp(t, async ({ chat }, receive) => {
      for (;;) {
        const event = await receive();
        if (event.type === "telegram.disconnect") {
          lines.push(`${chat.id} disconnects: ${event.reason}`);
          await goodbye.promise;
          return;
        }
        if (chat.id === 2) await work.promise;
      }
    });
    deliver(1);
    deliver(2);
    const queued = deliver(2);
    await turn();
    let drained = false;
    const over = instances.drain("shutdown").then(() => {
      drained = true;
    });
    await turn();
    assert.deepEqual(lines, ["1 disconnects: shutdown"]);
    work.resolve();
    await turn();
    assert.deepEqual(lines, ["1 disconnects: shutdown", "2 disconnects: shutdown"]);
    assert.equal(drained, false);
    goodbye.resolve();
    await over;
    assert.deepEqual(settled, [1, 2], "the queued event is left for the next start");
    assert.equal(settled.includes(queued), false);
  });

  test("drain() resolves at once without instances", async (t) => {
    const { instances } = setUp(t, () => {});
    await instances.drain("shutdown");
  });

  test("drain() counts an instance as ended that calls receive() after telegram.disconnect", async (t) => {
    const { instances, deliver, settled } = setUp(t, async (_scope, receive) => {
      for (;;) await receive();
    });
    deliver(1);
    deliver(2);
    await turn();
    await instances.drain("reload");
    assert.deepEqual(settled, [1, 2]);
  });

  test("drain() leaves the event of an instance that had not called receive() yet", async (t) => {
    const setup = Promise.withResolvers<void>();
    const { instances, deliver, settled, failed, log } = setUp(t, async (_scope, receive) => {
      await setup.promise;
      await receive();
    });
    deliver(1);
    const over = instances.drain("shutdown");
    setup.resolve();
    assert.deepEqual(await over, [1]);
    assert.deepEqual([settled, failed, log], [[], [], []]);
  });

  test("drain() starts no instance: new events and queued events are left", async (t) => {
    const work = Promise.withResolvers<void>();
    const starts: number[] = [];
    const { instances, deliver, settled } = setUp(t, async ({ chat }, receive) => {
      starts.push(chat.id);
      await receive();
      await work.promise;
    });
    deliver(1);
    deliver(1);
    const over = instances.drain("shutdown");
    deliver(2);
    work.resolve();
    assert.deepEqual(await over, [2, 3], "the events that no application received");
    assert.deepEqual(starts, [1]);
    assert.deepEqual(settled, [1]);
  });

  test("drain() waits for an evicted instance that has not returned yet", async (t) => {
    const goodbye = Promise.withResolvers<void>();
    const { instances, deliver } = setUp(
      t,
      async (_scope, receive) => {
        while ((await receive()).type !== "telegram.disconnect");
        await goodbye.promise;
      },
      { max: 1 },
    );
    deliver(1);
    await turn();
    deliver(2);
    await turn();
    let drained = false;
    const over = instances.drain("shutdown").then(() => {
      drained = true;
    });
    await turn();
    assert.equal(drained, false);
    goodbye.resolve();
    await over;
  });
});

suite("revoke()", () => {
  /** Resolves to true once the promise has resolved; false while it has not. */
  const isOver = (promise: Promise<unknown>) => Promise.race([promise.then(() => true), turn().then(() => false)]);

  test("revoke() ends the member of a group whose shard it is, and no other", async (t) => {
    const { lines, application } = diary();
    const { instances, deliverPayload } = setUp(t, application);
    const chat = { id: -5, type: "group" };
    for (const id of [1, 2]) deliverPayload("message", { chat, from: { id } }, "member");
    await turn();
    assert.equal(instances.size, 2);
    assert.notEqual(shardOfLine(-5, 1), shardOfLine(-5, 2));
    await instances.revoke(shardOfLine(-5, 2));
    assert.equal(instances.size, 1);
    deliverPayload("message", { chat, from: { id: 1 } }, "member");
    await turn();
    assert.deepEqual(lines.slice(2), ["-5 gets x", "-5 gets x", "-5 disconnects: moved", "-5 gets x"]);
  });

  test("revoke() disconnects an idle instance at once and waits until it has ended", async (t) => {
    const goodbye = Promise.withResolvers<void>();
    const reasons: unknown[] = [];
    const { deliver, instances, settled, dropped } = setUp(t, async (_scope, receive) => {
      await receive();
      reasons.push((await receive()).reason);
      await goodbye.promise;
    });
    deliver(1);
    await turn();
    const revoked = instances.revoke(shard(1));
    assert.equal(await isOver(revoked), false);
    assert.deepEqual(reasons, ["moved"]);
    goodbye.resolve();
    assert.deepEqual(await revoked, []);
    assert.deepEqual(settled, [1]);
    assert.equal(instances.size, 0);
    assert.deepEqual(dropped, [], "it was neither idle for long nor evicted");
  });

  test("revoke() disconnects a running instance at its next receive(); its queued events are unseen", async (t) => {
    const work = Promise.withResolvers<void>();
    const received: unknown[] = [];
    let signal: AbortSignal | undefined;
    let starts = 0;
    const { deliver, instances, settled, failed, log } = setUp(t, async (scope, receive) => {
      starts += 1;
      ({ signal } = (scope as unknown as { extensions: { signal: AbortSignal } }).extensions);
      for (;;) {
        const event = await receive();
        received.push(event.text ?? event.reason);
        if (event.type === "telegram.disconnect") return;
        await work.promise;
      }
    });
    for (const text of ["a", "b", "c"]) deliver(1, text);
    await turn();
    const revoked = instances.revoke(shard(1));
    assert.equal(await isOver(revoked), false);
    assert.deepEqual([received, settled], [["a"], []]);
    assert.equal(signal?.aborted, true, "a long task may give up at once");
    work.resolve();
    assert.deepEqual(await revoked, [2, 3]);
    await turn();
    assert.deepEqual(received, ["a", "moved"]);
    assert.deepEqual([settled, failed, log], [[1], [], []]);
    assert.equal(starts, 1, "no instance starts for queued events");
  });

  test("revoke() leaves nothing of an instance that never returns", async (t) => {
    const work = Promise.withResolvers<void>();
    const { deliver, instances, pass, settled, log } = setUp(t, async (_scope, receive) => {
      for (;;) {
        await receive();
        await work.promise;
      }
    });
    deliver(1);
    const unseen = deliver(1);
    await turn();
    const revoked = instances.revoke(shard(1));
    work.resolve();
    assert.deepEqual(await revoked, [unseen]);
    assert.equal(instances.size, 0);
    pass(60_000);
    await turn();
    assert.deepEqual([settled, log], [[1], []], "no event waits behind it");
  });

  test("revoke() gives up an event that does not end in time: nothing more comes from its instance", async (t) => {
    const hung = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    const { deliver, instances, settled, failed, calls, log } = setUp(t, async (_scope, receive, send) => {
      await receive();
      await hung.promise;
      await send({ type: "telegram.send_message", text: "late" }).catch((error) => errors.push(error));
      await receive();
    });
    deliver(1);
    await turn();
    const revoked = instances.revoke(shard(1));
    t.mock.timers.tick(7999);
    assert.equal(await isOver(revoked), false);
    t.mock.timers.tick(1);
    assert.deepEqual(await revoked, [], "the application has received it");
    assert.deepEqual(log, [
      "warn: chat:1: the application has not finished 8 s after telegram.disconnect; its chat moves on",
    ]);
    hung.resolve();
    await turn();
    assert.ok(errors[0] instanceof DisconnectedError);
    assert.deepEqual([settled, failed, calls], [[], [], []]);
    assert.equal(instances.size, 0);
  });

  test("revoke() gives up open work that does not end in time, and no other instance", async (t) => {
    const open = new Map<number, PromiseWithResolvers<void>>();
    const { deliver, instances, settled } = setUp(t, async ({ chat }, receive) => {
      const event = await receive();
      const work = Promise.withResolvers<void>();
      open.set(chat.id, work);
      delivery(event)!.waitUntil(work.promise);
      await receive();
    });
    const [moved, stays] = [deliver(1), deliver(2)];
    await turn();
    const revoked = instances.revoke(shard(1));
    t.mock.timers.tick(8000);
    assert.deepEqual(await revoked, []);
    for (const work of open.values()) work.resolve();
    await turn();
    assert.deepEqual([moved, stays, settled], [1, 2, [2]]);
  });

  test("an instance whose shard is taken away is not given up before its time, however long that is", async (t) => {
    const { deliver, instances, pass } = setUp(
      t,
      async (_scope, receive) => {
        await receive();
        await new Promise(() => {});
      },
      { moveTimeout: 60_000 },
    );
    deliver(1);
    await turn();
    const revoked = instances.revoke(shard(1));
    pass(59_000);
    assert.equal(await isOver(revoked), false);
    pass(1000);
    assert.equal(await isOver(revoked), true);
  });

  test("revoke() leaves an event that the application gives up, and it counts as received", async (t) => {
    const { deliver, instances, settled, failed, log } = setUp(t, async (scope, receive) => {
      await receive();
      const { signal } = (scope as unknown as { extensions: { signal: AbortSignal } }).extensions;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    deliver(1);
    const unseen = deliver(1);
    await turn();
    assert.deepEqual(await instances.revoke(shard(1)), [unseen]);
    assert.deepEqual([settled, failed], [[], []]);
    assert.deepEqual(log, ["info: chat:1: an event was given up; it will be delivered again"]);
  });

  test("revoke() leaves the first event of an instance that has not called receive()", async (t) => {
    const setup = Promise.withResolvers<void>();
    const { deliver, instances, settled } = setUp(t, async (_scope, receive) => {
      await setup.promise;
      await receive();
    });
    deliver(1);
    const revoked = instances.revoke(shard(1));
    setup.resolve();
    assert.deepEqual(await revoked, [1]);
    assert.deepEqual(settled, []);
  });

  test("revoke() waits for an instance that is closing, and its events start no instance", async (t) => {
    const goodbye = Promise.withResolvers<void>();
    const lines: string[] = [];
    const { deliver, instances, pass } = setUp(
      t,
      async (_scope, receive) => {
        for (;;) {
          const event = await receive();
          lines.push(event.text ?? `${event.reason}`);
          if (event.type === "telegram.disconnect") return goodbye.promise;
        }
      },
      { idleTimeout: 100 },
    );
    deliver(1, "a");
    await turn();
    pass(200);
    await turn();
    const meanwhile = deliver(1, "b");
    const revoked = instances.revoke(shard(1));
    assert.equal(await isOver(revoked), false);
    goodbye.resolve();
    assert.deepEqual(await revoked, [meanwhile]);
    await turn();
    assert.deepEqual(lines, ["a", "idle"]);
    assert.equal(instances.size, 0);
  });

  test("revoke() leaves the instances of other shards at work", async (t) => {
    const goodbye = Promise.withResolvers<void>();
    const lines: string[] = [];
    const { deliver, instances, settled } = setUp(t, async ({ chat }, receive) => {
      for (;;) {
        const event = await receive();
        lines.push(`${chat.id} ${event.text ?? event.reason}`);
        if (event.type === "telegram.disconnect") return goodbye.promise;
      }
    });
    assert.notEqual(shard(1), shard(2));
    for (const chat of [1, 2]) deliver(chat, "before");
    await turn();
    const revoked = instances.revoke(shard(1));
    deliver(2, "meanwhile");
    deliver(3, "first");
    await turn();
    goodbye.resolve();
    assert.deepEqual(await revoked, []);
    deliver(2, "after");
    await turn();
    assert.deepEqual(lines, ["1 before", "2 before", "1 moved", "2 meanwhile", "3 first", "2 after"]);
    assert.deepEqual(settled, [1, 2, 3, 4, 5]);
    assert.equal(instances.size, 2);
  });

  test("revoke() ends every scope of a chat or user, and no scope of another shard", async (t) => {
    const lines: string[] = [];
    const { instances, deliverPayload } = setUp(t, async (scope, receive) => {
      const { chat, user, business_connection_id } = scope as unknown as Record<string, { id: number } | undefined>;
      const name = `${chat ? "chat" : "user"} ${(chat ?? user)!.id} ${business_connection_id ?? "-"}`;
      for (;;) {
        const { type, reason } = await receive();
        if (type === "telegram.disconnect") return lines.push(`${name} ${reason}`);
      }
    });
    const [ADA, GROUP] = [5_300_000_002, -1_001_500_000_001];
    assert.notEqual(shard(ADA), shard(GROUP));
    for (const id of [ADA, GROUP]) {
      deliverPayload("message", { chat: { id } });
      deliverPayload("business_message", { chat: { id }, business_connection_id: "5" });
      deliverPayload("guest_message", { chat: { id }, guest_query_id: "-7" });
    }
    deliverPayload("inline_query", { from: { id: ADA } });
    await turn();
    assert.equal(instances.size, 7);
    await instances.revoke(shard(ADA));
    assert.deepEqual(lines.toSorted(), [
      `chat ${ADA} - moved`,
      `chat ${ADA} - moved`,
      `chat ${ADA} 5 moved`,
      `user ${ADA} - moved`,
    ]);
    assert.equal(instances.size, 3);
    await instances.revoke(shard(GROUP));
    assert.deepEqual(
      lines.slice(4).filter((line) => !line.startsWith(`chat ${GROUP} `)),
      [],
    );
    assert.equal(instances.size, 0);
  });

  test("after revoke() a new event of the scope starts a new instance", async (t) => {
    const { lines, application } = diary();
    const { deliver, deliverAgain, instances, settled } = setUp(t, application);
    deliver(1, "a");
    const queued = deliver(1, "b");
    assert.deepEqual(await instances.revoke(shard(1)), [queued]);
    deliverAgain(queued, 1, "b");
    deliver(1, "c");
    await turn();
    const again = ["1 starts", "1 gets b", "1 gets c"];
    assert.deepEqual(lines, ["1 starts", "1 gets a", "1 disconnects: moved", ...again]);
    assert.deepEqual(settled, [1, 2, 3]);
    await instances.revoke(shard(1));
    assert.equal(lines.at(-1), "1 disconnects: moved", "the shard can be revoked again");
  });

  test("revoke() resolves at once for a shard without instances", async (t) => {
    const { instances, deliver } = setUp(t, () => new Promise(() => {}));
    deliver(1);
    assert.deepEqual(await instances.revoke(shard(2)), []);
  });

  test("revoke() gives up an application that asks for no event: its events are named, and its late end settles nothing", async (t) => {
    const late = Promise.withResolvers<void>();
    const { deliver, instances, settled, failed } = setUp(t, () => late.promise);
    const unseen = [deliver(1), deliver(1)];
    const revoked = instances.revoke(shard(1));
    t.mock.timers.tick(8000);
    assert.deepEqual(await revoked, unseen);
    late.resolve();
    await turn();
    assert.deepEqual([settled, failed], [[], []], "the events are another worker's");
  });

  for (const first of ["revoke", "drain"] as const) {
    test(`revoke() and drain() report an unseen event once, ${first}() being first`, async (t) => {
      const work = Promise.withResolvers<void>();
      const { deliver, instances, settled } = setUp(t, async (_scope, receive) => {
        for (;;) {
          await receive();
          await work.promise;
        }
      });
      for (const chat of [1, 1, 2, 2]) deliver(chat);
      await turn();
      const revoke = () => instances.revoke(shard(1));
      const drain = () => instances.drain("shutdown");
      const unseen = Promise.all(first === "revoke" ? [revoke(), drain()] : [drain(), revoke()]);
      work.resolve();
      assert.deepEqual((await unseen).flat().toSorted(), [2, 4]);
      assert.deepEqual(settled, [1, 3]);
    });
  }
});

suite("an event that is tried again later", () => {
  /** An application that throws RetryLater at the first attempts of an event whose text says so, and changes the event before. */
  function patient(attempts: number) {
    const lines: string[] = [];
    const application: Application = async ({ chat }, receive) => {
      for (;;) {
        const event = await receive();
        if (event.type === "telegram.disconnect") return;
        const { attempt } = delivery(event)!;
        lines.push(`${chat.id} ${event.text} ${attempt}`);
        const isBad = event.text === "bad" && attempt <= attempts;
        event.text = "changed";
        if (isBad) throw new RetryLater({ after: 1000 });
      }
    };
    return { lines, application };
  }

  test("its scope waits for it, and other scopes do not; it comes as it was, as the next attempt", async (t) => {
    const { lines, application } = patient(2);
    const { deliver, pass, retried, failed, settled } = setUp(t, application);
    const bad = deliver(1, "bad");
    deliver(1, "b");
    deliver(2, "c");
    await turn();
    deliver(1, "d");
    pass(990);
    await turn();
    assert.deepEqual(lines, ["1 bad 1", "2 c 1"]);
    pass(10);
    await turn();
    assert.deepEqual(lines.splice(0), ["1 bad 1", "2 c 1", "1 bad 2"]);
    pass(1000);
    await turn();
    assert.deepEqual(lines, ["1 bad 3", "1 b 1", "1 d 1"]);
    assert.deepEqual(
      retried.map(({ seq, after }) => [seq, after]),
      [
        [bad, 1000],
        [bad, 1000],
      ],
    );
    assert.match(retried[0]!.error, /try this event in 1 s/);
    assert.deepEqual([failed, settled], [[], [3, 1, 2, 4]]);
  });

  test("is one whose open work rejects by RetryLater, too: the scope's next events wait for it, and its instance has it again", async (t) => {
    const lines: string[] = [];
    const jobs: PromiseWithResolvers<void>[] = [];
    const { deliver, pass, retried, failed, settled, instances } = setUp(t, async (_scope, receive) => {
      lines.push("starts");
      for (;;) {
        const event = await receive();
        const own = delivery(event)!;
        lines.push(`${event.text} ${own.attempt}`);
        if (event.text !== "job" || own.attempt > 1) continue;
        const job = Promise.withResolvers<void>();
        jobs.push(job);
        own.waitUntil(job.promise);
      }
    });
    for (const text of ["job", "job", "a"]) deliver(1, text);
    await turn();
    for (const [i, after] of [
      [1, 500],
      [0, 1000],
    ] as const) {
      jobs[i]!.reject(new RetryLater({ after }));
      await turn();
    }
    deliver(1, "b");
    pass(990);
    await turn();
    assert.deepEqual(lines.splice(0), ["starts", "job 1", "job 1", "a 1"]);
    pass(10);
    await turn();
    assert.deepEqual(lines, ["job 2", "job 2", "b 1"]);
    assert.deepEqual(
      retried.map(({ seq, after }) => [seq, after]),
      [
        [2, 500],
        [1, 1000],
      ],
    );
    assert.deepEqual([failed, settled, instances.size], [[], [3, 1, 2, 4], 1]);
  });

  test("is none whose time limit is over, also with --retry", async (t) => {
    const { deliver, retried, failed } = setUp(
      t,
      async (_scope, receive) => {
        for (;;) {
          const event = await receive();
          const { signal } = delivery(event)!;
          const work = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          if (event.text === "work") delivery(event)!.waitUntil(work);
          else await work;
        }
      },
      { eventTimeout: 1000, retries: new Retries(3) },
    );
    for (const text of ["work", "at hand"]) deliver(1, text);
    await turn();
    t.mock.timers.tick(1000);
    await turn();
    assert.deepEqual([retried, failed.map(({ seq }) => seq)], [[], [1, 2]]);
  });

  test("with --retry any throw is tried again, so often", async (t) => {
    let attempts = 0;
    const { deliver, pass, retried, failed } = setUp(
      t,
      async (_scope, receive) => {
        await receive();
        attempts += 1;
        throw new Error("the database is away");
      },
      { retries: new Retries(2) },
    );
    deliver(1);
    for (let i = 0; i < 10; i++) {
      await turn();
      pass(200);
    }
    assert.deepEqual([attempts, retried.length, failed.length], [3, 2, 1]);
  });

  test("a drain and a moving shard hand it back at once, with the events behind it", async (t) => {
    for (const end of ["drain", "revoke"] as const) {
      const { deliver, instances } = setUp(t, patient(1).application);
      const bad = deliver(1, "bad");
      const behind = deliver(1, "b");
      await turn();
      const unseen = end === "drain" ? await instances.drain("shutdown") : await instances.revoke(shard(1));
      assert.deepEqual(unseen, [bad, behind]);
      t.mock.reset();
    }
  });

  test("with --breaker a throw waits for the decision, before the later events of its scope", async (t) => {
    const lines: string[] = [];
    const told: number[] = [];
    const retries = new Retries(1, true);
    const { deliver, pass, threw, failed, settled } = setUp(
      t,
      async (_scope, receive) => {
        for (;;) {
          const event = await receive();
          const { text } = event;
          lines.push(`${text} ${delivery(event)?.attempt}`);
          if (text !== "good") throw new Error("the database is away");
        }
      },
      { retries, deadLetters: { tell: ({ seq }) => void told.push(seq) } },
    );
    const [late, dead] = [deliver(1, "late"), deliver(2, "dead")];
    for (const chat of [1, 2]) deliver(chat, "good");
    await turn();
    assert.deepEqual(
      threw.map(({ seq, after }) => [seq, after !== undefined]),
      [
        [late, true],
        [dead, true],
      ],
    );
    assert.match(threw[0]!.error, /the database is away/);
    retries.decided(late, 500);
    retries.decided(dead, undefined);
    await turn();
    assert.deepEqual(lines.splice(0), ["late 1", "dead 1", "good 1"]);
    assert.deepEqual(told, [dead]);
    pass(500);
    await turn();
    assert.deepEqual(lines, ["late 2"]);
    assert.deepEqual(threw[2], { ...threw[2], seq: late, after: undefined });
    assert.deepEqual([failed, settled], [[], [4]]);
  });

  test("a drain and a moving shard hand back an event without a decision, and one that throws at a stop", async (t) => {
    for (const end of ["drain", "revoke"] as const) {
      const stopping = Promise.withResolvers<void>();
      const { deliver, instances, failed, threw, log } = setUp(
        t,
        async (_scope, receive) => {
          const { text } = await receive();
          if (text === "slow") await stopping.promise;
          throw new Error("the database is away");
        },
        { retries: new Retries(0, true) },
      );
      const undecided = deliver(1);
      const behind = deliver(1);
      await turn();
      if (end === "drain") deliver(2, "slow");
      await turn();
      const ended = end === "drain" ? instances.drain("shutdown") : instances.revoke(shard(1));
      stopping.resolve();
      assert.deepEqual(await ended, [undecided, behind]);
      assert.deepEqual([failed.length, threw.length], [0, 1]);
      assert.equal(log.filter((line) => line.includes("was given up")).length, end === "drain" ? 1 : 0);
      t.mock.reset();
    }
  });
});
