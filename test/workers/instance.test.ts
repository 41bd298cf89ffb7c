import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DisconnectedError, InvalidEventError, ReceiveError, TelegramError } from "../../src/protocol/errors.ts";
import { failureOf } from "../../src/protocol/failure.ts";
import type { Call, ToMain } from "../../src/protocol/port.ts";
import { Pulse } from "../../src/protocol/pulse.ts";
import type { Route } from "../../src/protocol/route.ts";
import { Calls } from "../../workers/calls.ts";
import { enterContext, outside } from "../../workers/current-event.ts";
import { EventDelivery } from "../../workers/event-delivery.ts";
import { EventsAtWork } from "../../workers/events-at-work.ts";
import { type Delivered, type Ending, Instance, InstanceExtensions } from "../../workers/instance.ts";

type Event = { type: string; text?: string; reason?: string };
type Receive = () => Promise<Event>;
type Send = (event: unknown) => Promise<unknown>;
type Application = (receive: Receive, send: Send) => unknown;

const ROUTE = {
  key: "chat:42",
  id: 42,
  subject: "chat" as const,
  entity: { id: 42 },
  topic: undefined,
  member: undefined,
  business_connection_id: undefined,
  guest_query_id: undefined,
};

let seq = 0;
const message = (text: string): Delivered => {
  const event: Event = { type: "telegram.message", text };
  const item = { seq: ++seq, attempt: 1, body: text };
  return { seq, event, route: ROUTE, delivery: new EventDelivery(seq, 1), item, update: {} };
};

/** An instance with real calls and a real pulse. Its host records every fact. */
function instanceOf(application: Application, queue: Delivered[] = [], route: Route = ROUTE) {
  const facts: string[] = [];
  const posted: (ToMain & { type: "call" })[] = [];
  const calls: Call[] = [];
  const pulse = new Pulse();
  const push = (item: ToMain & { type: "call" }) => {
    posted.push(item);
    calls.push(item.call);
  };
  const caller = new Calls({ push } as never, pulse);
  const ended = Promise.withResolvers<Ending>();
  const instance: Instance = new Instance(route, {
    calls: caller,
    pulse,
    atWork: new EventsAtWork(),
    eventTimeout: Number.POSITIVE_INFINITY,
    goesOn: (seq, limit) => pulse.willWorkAt(seq, limit),
    settled: ({ seq }) => facts.push(`settled ${seq}`),
    kept: (seq) => facts.push(`kept ${seq}`),
    workOver: (_, { seq }, thrown) => facts.push(`over ${seq}${thrown === undefined ? "" : `: ${thrown.error}`}`),
    overdue: (_, { seq }) => facts.push(`overdue ${seq}`),
    saved: (seq, json) => facts.push(`saved ${seq}: ${json}`),
    busy: (seq, { body }) => facts.push(`busy ${seq}: ${body}`),
    refused: (error) => facts.push(`refused ${(error as Error).name}`),
    becameIdle: () => facts.push("idle"),
    returned: () => instance.end(undefined),
    threw: (error) => instance.end({ error }),
    ended: (_, ending) => ended.resolve(ending),
    becameSilent: () => facts.push("silent"),
    holds: () => false,
  });
  for (const delivered of queue) instance.enqueue(delivered);
  outside(() => {
    enterContext(instance.context);
    instance.run((_scope, receive, send) => application(receive as never, send as never), {});
  });
  return {
    instance,
    facts,
    pulse,
    ending: ended.promise,
    calls,
    posted,
    /** Answers a call, by its place. */
    succeed: (at: number, result: unknown) => caller.succeeded(posted[at]!.id, JSON.stringify({ ok: true, result })),
    fail: (at: number, error: TelegramError) =>
      caller.failed(posted[at]!.id, failureOf(error, posted[at]!.call.method)),
  };
}

const turn = () => new Promise(setImmediate);
const forEver: Application = async (receive) => {
  for (;;) await receive();
};

suite("receive()", () => {
  test("receive() hands out queued events in order, and settles each when the next is asked for", async () => {
    const [a, b] = [message("a"), message("b")];
    const texts: unknown[] = [];
    const { facts } = instanceOf(
      async (receive) => {
        for (;;) texts.push((await receive()).text);
      },
      [a, b],
    );
    await turn();
    assert.deepEqual(texts, ["a", "b"]);
    assert.deepEqual(facts, [`settled ${a.seq}`, `settled ${b.seq}`, "idle"]);
  });

  test("receive() waits for an event if none is queued", async () => {
    const { instance, facts } = instanceOf(forEver);
    assert.equal(instance.state, "idle");
    const a = message("a");
    instance.deliver(a);
    assert.equal(instance.state, "running");
    assert.equal(instance.held, a);
    await turn();
    assert.equal(instance.state, "idle");
    assert.equal(instance.held, undefined);
    assert.deepEqual(facts, ["idle", `settled ${a.seq}`, "idle"]);
  });

  test("receive() hands out the event itself, not a copy", async () => {
    const a = message("a");
    const events: unknown[] = [];
    instanceOf(async (receive) => void events.push(await receive()), [a]);
    await turn();
    assert.equal(events[0], a.event);
  });

  test("events delivered while the application works are queued", async () => {
    const work = Promise.withResolvers<void>();
    const [a, b, c] = [message("a"), message("b"), message("c")];
    const { instance, facts } = instanceOf(
      async (receive) => {
        await receive();
        await work.promise;
        for (;;) await receive();
      },
      [a],
    );
    instance.deliver(b);
    instance.deliver(c);
    assert.deepEqual(instance.queue, [b, c]);
    assert.equal(facts.length, 0);
    work.resolve();
    await turn();
    assert.deepEqual(instance.queue, []);
    assert.equal(facts.filter((line) => line.startsWith("settled")).length, 3);
  });

  test("receive() rejects while an earlier call waits, which still gets the event", async () => {
    const errors: unknown[] = [];
    const events: Event[] = [];
    const { instance } = instanceOf(async (receive) => {
      const first = receive();
      await receive().catch((error) => errors.push(error));
      events.push(await first);
    });
    await turn();
    instance.deliver(message("a"));
    await turn();
    assert.ok(errors[0] instanceof ReceiveError);
    assert.equal(
      (errors[0] as Error).message,
      "receive() was called while an earlier receive() still waits for an event",
    );
    assert.equal(events[0]?.text, "a");
  });

  test("receive() called twice without await leaves no unhandled rejection", async () => {
    instanceOf(async (receive) => {
      void receive();
      void receive();
      await new Promise(() => {});
    });
    await turn();
  });
});

suite("send()", () => {
  test("send() makes the call with the scope's defaults, and resolves with its result", async () => {
    const results: unknown[] = [];
    const { calls, succeed } = instanceOf(async (_receive, send) => {
      results.push(await send({ type: "telegram.send_message", text: "x" }));
    });
    assert.deepEqual(calls, [{ method: "sendMessage", lane: "42", body: '{"text":"x","chat_id":42}' }]);
    succeed(0, { message_id: 1 });
    await turn();
    assert.deepEqual(results, [{ message_id: 1 }]);
  });

  test("send() has no default chat in a user's scope", async () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { ending } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, key: "user:42", subject: "user" });
    const { thrown } = await ending;
    assert.match(String(thrown?.error), /InvalidEventError: .*the scope is no chat's/);
  });

  test("send() has no default chat for a guest query, though its scope is a chat's", async () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { ending } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, guest_query_id: "g" });
    assert.ok((await ending).thrown?.error instanceof InvalidEventError);
  });

  test("send() fills in the business connection of the scope", () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { calls } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, business_connection_id: "b" });
    assert.equal(calls[0]?.body, '{"text":"x","chat_id":42,"business_connection_id":"b"}');
  });

  test("send() names the event that the instance holds, or the scope if it holds none", async () => {
    const a = message("a");
    const { posted } = instanceOf(
      async (receive, send) => {
        void send({ type: "telegram.get_me" });
        await receive();
        void send({ type: "telegram.get_me" });
        void receive();
        void send({ type: "telegram.get_me" });
      },
      [a],
    );
    await turn();
    assert.deepEqual(
      posted.map(({ from }) => from),
      ["chat:42", a.seq, "chat:42"],
    );
  });

  test("send() reads the event before it returns", () => {
    const event = { type: "telegram.send_message", text: "before" };
    const { calls } = instanceOf((_receive, send) => {
      const sent = send(event);
      event.text = "after";
      return sent;
    });
    assert.match(calls[0]!.body, /before/);
  });

  test("send() rejects an invalid event, and the host knows", async () => {
    const errors: unknown[] = [];
    const { facts, calls } = instanceOf(async (_receive, send) => {
      await send({ type: "telegram.send_message" }).catch((error) => errors.push(error));
    });
    await turn();
    assert.ok(errors[0] instanceof InvalidEventError);
    assert.deepEqual(facts, ["refused InvalidEventError"]);
    assert.deepEqual(calls, []);
  });

  test("send() never throws: it rejects", async () => {
    const values = [undefined, null, 5, "x", {}, [], Symbol("x")];
    const rejections: string[] = [];
    const { ending } = instanceOf((_receive, send) => {
      for (const event of values) send(event).catch(({ name }) => rejections.push(name));
    });
    assert.equal((await ending).thrown, undefined);
    await turn();
    assert.deepEqual(
      rejections,
      values.map(() => "InvalidEventError"),
    );
  });

  test("send() without await leaves no unhandled rejection", async () => {
    const { fail } = instanceOf(async (_receive, send) => {
      void send({ type: "telegram.send_message", text: "x" });
      void send({ type: "telegram.send_message" });
      await new Promise(() => {});
    });
    fail(0, new TelegramError("sendMessage", 403, "Forbidden"));
    await turn();
  });
});

suite("an instance with many calls", () => {
  test("its next event waits while 1,000 calls have no answer; the 100,001st call rejects", async () => {
    const received: (string | undefined)[] = [];
    let more!: Send;
    const { instance, calls, succeed } = instanceOf(
      async (receive, send) => {
        more = send;
        for (;;) {
          const { text } = await receive();
          received.push(text);
          if (text === "flood") for (let i = 0; i < 1000; i++) void send({ type: "telegram.get_me" });
        }
      },
      [message("flood"), message("next")],
    );
    await turn();
    instance.deliver(message("last"));
    await turn();
    assert.deepEqual([received, calls.length], [["flood"], 1000]);
    assert.ok(instance.isFlooding);
    succeed(0, true);
    await turn();
    assert.deepEqual(received, ["flood", "next", "last"]);
    assert.ok(!instance.isFlooding);
    for (let i = 999; i < 100_000; i++) void more({ type: "telegram.get_me" });
    await assert.rejects(more({ type: "telegram.get_me" }), { name: "NetworkError", delivery: "none" });
    succeed(1, true);
    void more({ type: "telegram.get_me" });
    assert.equal(calls.length, 100_002);
  });

  test("its host hears that it is idle when fewer calls than that have no answer, if no event waits", async () => {
    const { facts, succeed } = instanceOf(
      async (receive, send) => {
        await receive();
        for (let i = 0; i < 1000; i++) void send({ type: "telegram.get_me" });
        await receive();
      },
      [message("flood")],
    );
    await turn();
    const before = facts.length;
    succeed(0, true);
    assert.deepEqual(facts.slice(before), ["idle"]);
  });
});

suite("an instance that is disconnected", () => {
  test("an idle instance gets telegram.disconnect at once; then receive() never resolves and send() rejects", async () => {
    const events: Event[] = [];
    let silent = true;
    const { instance, facts, calls } = instanceOf(async (receive, send) => {
      events.push(await receive());
      await assert.rejects(send({ type: "telegram.get_me" }), (error: Error) => {
        assert.ok(error instanceof DisconnectedError);
        assert.equal(error.message, "nothing can be sent for chat:42 any more: the instance has been disconnected");
        return true;
      });
      await receive();
      silent = false;
    });
    instance.disconnect("idle");
    assert.equal(instance.state, "disconnected");
    await turn();
    assert.deepEqual(events, [{ type: "telegram.disconnect", reason: "idle" }]);
    assert.deepEqual(facts, ["idle", "silent"]);
    assert.deepEqual(calls, []);
    assert.ok(silent);
  });

  test("an instance at work gets telegram.disconnect at its next receive(); until then it may send", async () => {
    const work = Promise.withResolvers<void>();
    const events: Event[] = [];
    const [a, b] = [message("a"), message("b")];
    const { instance, facts, calls } = instanceOf(
      async (receive, send) => {
        events.push(await receive());
        await work.promise;
        void send({ type: "telegram.send_message", text: "done" });
        events.push(await receive());
      },
      [a, b],
    );
    instance.disconnect("shutdown");
    assert.equal(instance.state, "running");
    work.resolve();
    await turn();
    assert.equal(calls.length, 1);
    assert.deepEqual(events, [a.event, { type: "telegram.disconnect", reason: "shutdown" }]);
    assert.deepEqual(facts, [`settled ${a.seq}`]);
    assert.deepEqual(instance.queue, [b], "an event that it did not get stays queued");
  });

  test("an instance that has not called receive() yet gets telegram.disconnect at its first, and has received", async () => {
    const setup = Promise.withResolvers<void>();
    const a = message("a");
    const { instance, ending, facts } = instanceOf(
      async (receive) => {
        await setup.promise;
        await receive();
      },
      [a],
    );
    instance.disconnect("shutdown");
    setup.resolve();
    assert.deepEqual(await ending, { thrown: undefined, held: undefined, received: true });
    assert.deepEqual(instance.queue, [a]);
    assert.deepEqual(facts, []);
  });

  test("an instance whose shard is taken away is moving, for whatever reason it was disconnected before", async () => {
    for (const earlier of [[], ["idle"], ["evicted"], ["reload"]] as const) {
      const { instance } = instanceOf(forEver);
      for (const reason of earlier) instance.disconnect(reason);
      assert.equal(instance.isMoving, false);
      instance.disconnect("moved");
      assert.equal(instance.isMoving, true);
      assert.equal(instance.isStopping, true);
      assert.equal(instance.state, "disconnected");
    }
  });

  test("an instance that is disconnected twice gets one telegram.disconnect", async () => {
    const events: Event[] = [];
    const { instance } = instanceOf(async (receive) => {
      for (;;) events.push(await receive());
    });
    instance.disconnect("idle");
    instance.disconnect("moved");
    await turn();
    assert.deepEqual(events, [{ type: "telegram.disconnect", reason: "idle" }]);
  });
});

suite("the event at hand", () => {
  test("the event at hand is the held one, whenever the code goes on with an event or with an answer", async () => {
    const [a, b] = [message("a"), message("b")];
    const atHand: number[] = [];
    const { pulse, succeed, fail } = instanceOf(
      async (receive, send) => {
        await receive();
        atHand.push(pulse.seq);
        await send({ type: "telegram.get_me" });
        atHand.push(pulse.seq);
        await send({ type: "telegram.get_me" }).catch(() => {});
        atHand.push(pulse.seq);
        await receive();
        atHand.push(pulse.seq);
        await new Promise(() => {});
      },
      [a, b],
    );
    const other = () => void pulse.willWorkAt(1_000_000);
    await turn();
    assert.deepEqual(atHand, [a.seq]);
    other();
    succeed(0, true);
    await turn();
    assert.deepEqual(atHand, [a.seq, a.seq]);
    other();
    fail(1, new TelegramError("getMe", 500, "x"));
    await turn();
    assert.deepEqual(atHand, [a.seq, a.seq, a.seq, b.seq]);
  });

  test("the event at hand is the one whose code gets the answer of a job, or sets its limit, also if it is kept", async () => {
    const [a, b] = [message("a"), message("b")];
    const job = Promise.withResolvers<void>();
    const atHand: [number, number][] = [];
    const { pulse, facts } = instanceOf(
      async (receive) => {
        await receive();
        const work = async () => {
          await job.promise;
          a.delivery.timeout(3000);
          await undefined;
          atHand.push([pulse.seq, pulse.limit]);
        };
        a.delivery.waitUntil(work());
        await receive();
        b.delivery.timeout(1000);
        await new Promise(() => {});
      },
      [a, b],
    );
    await turn();
    assert.deepEqual([pulse.seq, pulse.limit], [b.seq, 1000]);
    job.resolve();
    await turn();
    assert.deepEqual(atHand, [[a.seq, 3000]]);
    b.delivery.goesOn();
    await turn();
    assert.deepEqual([pulse.seq, pulse.limit], [b.seq, 1000]);
    assert.deepEqual(facts, [`kept ${a.seq}`, `over ${a.seq}`]);
    a.delivery.goesOn();
    await turn();
    assert.equal(pulse.seq, b.seq, "an event that is settled has no code");
  });

  test("the event at hand is that of an idle instance when it gets one", async () => {
    const { instance, pulse } = instanceOf(forEver);
    const a = message("a");
    instance.deliver(a);
    await turn();
    assert.equal(pulse.seq, a.seq);
  });

  test("the event at hand stays that of another instance while this one holds none", async () => {
    const { pulse, succeed } = instanceOf(async (receive, send) => {
      await send({ type: "telegram.get_me" });
      await receive();
    });
    succeed(0, true);
    await turn();
    assert.equal(pulse.seq, 0);
  });
});

suite("the signal of an instance", () => {
  test("the signal is aborted with the reason when the instance is dropped, also while it works", async () => {
    for (const queue of [[], [message("a")]]) {
      const { instance } = instanceOf(async (receive) => {
        await receive();
        await new Promise(() => {});
      }, queue);
      const { signal } = new InstanceExtensions(instance);
      assert.equal(signal.aborted, false);
      instance.disconnect("shutdown");
      assert.equal(signal.aborted, true);
      assert.ok(signal.reason instanceof DisconnectedError);
    }
  });

  test("the signal is the same one each time, and aborted already if it is read too late", async () => {
    const { instance } = instanceOf(forEver);
    const extensions = new InstanceExtensions(instance);
    instance.disconnect("evicted");
    assert.match(extensions.signal.reason.message, /evicted/);
    assert.equal(extensions.signal, extensions.signal);
  });
});

suite("the end of an application", () => {
  test("an application that returns leaves the event that it held", async () => {
    const a = message("a");
    const { instance, ending } = instanceOf(async (receive) => void (await receive()), [a]);
    assert.deepEqual(await ending, { thrown: undefined, held: a, received: true });
    assert.equal(instance.state, "ended");
    assert.equal(instance.held, undefined);
  });

  test("an application that throws leaves its error and the event that it held", async () => {
    const a = message("a");
    const error = new Error("x");
    const throwing: Application = async (receive) => {
      await receive();
      throw error;
    };
    assert.deepEqual(await instanceOf(throwing, [a]).ending, { thrown: { error }, held: a, received: true });
  });

  test("an application may throw any value, before it has received and synchronously", async () => {
    for (const error of [new Error("x"), undefined, null, "x", Symbol("x")]) {
      const application = () => {
        throw error;
      };
      const { ending } = instanceOf(application, [message("a")]);
      assert.deepEqual(await ending, { thrown: { error }, held: undefined, received: false });
    }
  });

  test("an application that is not async ends when it returns", async () => {
    assert.deepEqual(await instanceOf(() => 5).ending, { thrown: undefined, held: undefined, received: false });
  });

  test("code that an ended application left running can neither receive nor send", async () => {
    const later = Promise.withResolvers<void>();
    const outcomes: unknown[] = [];
    const { instance, ending, facts, calls } = instanceOf((receive, send) => {
      void later.promise.then(async () => {
        outcomes.push(await send({ type: "telegram.get_me" }).catch((error) => error.message));
        outcomes.push(await receive());
      });
    });
    await ending;
    later.resolve();
    await turn();
    assert.deepEqual(outcomes, ["nothing can be sent for chat:42 any more: the application has returned"]);
    assert.equal(instance.state, "ended");
    assert.deepEqual(facts, ["silent"]);
    assert.deepEqual(calls, []);
  });
});
