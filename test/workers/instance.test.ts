import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DisconnectedError, InvalidEventError, ReceiveError, TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import type { Route } from "../../src/protocol/route.ts";
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
  business_connection_id: undefined,
  guest_query_id: undefined,
};

let seq = 0;
const message = (text: string): Delivered => {
  const event: Event = { type: "telegram.message", text };
  return { seq: ++seq, event, route: ROUTE };
};

/** An instance whose host writes down what it is told. */
function instanceOf(application: Application, queue: Delivered[] = [], route: Route = ROUTE) {
  const told: string[] = [];
  const calls: Call[] = [];
  const answers: Pick<PromiseWithResolvers<unknown>, "resolve" | "reject">[] = [];
  const worked: number[] = [];
  const ended = Promise.withResolvers<Ending>();
  const instance: Instance = new Instance(route, {
    settle: (seq) => told.push(`settled ${seq}`),
    call: (call, _, caller) => {
      calls.push(call);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      promise.catch(() => {});
      answers.push({
        resolve: (result) => {
          caller.resume();
          resolve(result);
        },
        reject: (error) => {
          caller.resume();
          reject(error);
        },
      });
      return promise;
    },
    workAt: (seq) => worked.push(seq),
    refused: (error) => told.push(`refused ${(error as Error).name}`),
    becameIdle: () => told.push("idle"),
    returned: () => instance.end(undefined),
    threw: (error) => instance.end({ error }),
    ended: (_, ending) => ended.resolve(ending),
    becameSilent: () => told.push("silent"),
  });
  for (const delivered of queue) instance.enqueue(delivered);
  instance.run((_scope, receive, send) => application(receive as never, send as never), {});
  return { instance, told, calls, answers, worked, ending: ended.promise };
}

const turn = () => new Promise(setImmediate);
const forEver: Application = async (receive) => {
  for (;;) await receive();
};

suite("receive()", () => {
  test("hands out what is queued, in order, and settles each event when the next is asked for", async () => {
    const [a, b] = [message("a"), message("b")];
    const texts: unknown[] = [];
    const { told } = instanceOf(
      async (receive) => {
        for (;;) texts.push((await receive()).text);
      },
      [a, b],
    );
    await turn();
    assert.deepEqual(texts, ["a", "b"]);
    assert.deepEqual(told, [`settled ${a.seq}`, `settled ${b.seq}`, "idle"]);
  });

  test("waits for an event where none is queued", async () => {
    const { instance, told } = instanceOf(forEver);
    assert.equal(instance.state, "idle");
    const a = message("a");
    instance.deliver(a);
    assert.equal(instance.state, "running");
    assert.equal(instance.held, a);
    await turn();
    assert.equal(instance.state, "idle");
    assert.equal(instance.held, undefined);
    assert.deepEqual(told, ["idle", `settled ${a.seq}`, "idle"]);
  });

  test("hands out the event itself, not a copy", async () => {
    const a = message("a");
    const events: unknown[] = [];
    instanceOf(async (receive) => void events.push(await receive()), [a]);
    await turn();
    assert.equal(events[0], a.event);
  });

  test("queues what is delivered while the application works", async () => {
    const work = Promise.withResolvers<void>();
    const [a, b, c] = [message("a"), message("b"), message("c")];
    const { instance, told } = instanceOf(
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
    assert.equal(told.length, 0);
    work.resolve();
    await turn();
    assert.deepEqual(instance.queue, []);
    assert.equal(told.filter((line) => line.startsWith("settled")).length, 3);
  });

  test("rejects while an earlier call waits, and the earlier one still gets the event", async () => {
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

  test("called twice without waiting leaves no rejection behind", async () => {
    instanceOf(async (receive) => {
      void receive();
      void receive();
      await new Promise(() => {});
    });
    await turn();
  });
});

suite("send()", () => {
  test("makes the call with the scope's defaults, and resolves with its result", async () => {
    const results: unknown[] = [];
    const { calls, answers } = instanceOf(async (_receive, send) => {
      results.push(await send({ type: "telegram.send_message", text: "x" }));
    });
    assert.deepEqual(calls, [{ method: "sendMessage", lane: "42", body: '{"text":"x","chat_id":42}' }]);
    answers[0]!.resolve({ message_id: 1 });
    await turn();
    assert.deepEqual(results, [{ message_id: 1 }]);
  });

  test("has no chat to default to in a user's scope", async () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { ending } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, key: "user:42", subject: "user" });
    const { thrown } = await ending;
    assert.match(String(thrown?.error), /InvalidEventError: .*the scope is no chat's/);
  });

  test("has no chat to default to for a guest query, though its scope is a chat's", async () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { ending } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, guest_query_id: "g" });
    assert.ok((await ending).thrown?.error instanceof InvalidEventError);
  });

  test("fills in the business connection of the scope", () => {
    const event = { type: "telegram.send_message", text: "x" };
    const { calls } = instanceOf((_receive, send) => send(event), [], { ...ROUTE, business_connection_id: "b" });
    assert.equal(calls[0]?.body, '{"text":"x","chat_id":42,"business_connection_id":"b"}');
  });

  test("reads the event before it returns", () => {
    const event = { type: "telegram.send_message", text: "before" };
    const { calls } = instanceOf((_receive, send) => {
      const sent = send(event);
      event.text = "after";
      return sent;
    });
    assert.match(calls[0]!.body, /before/);
  });

  test("rejects what is no event, and tells the host", async () => {
    const errors: unknown[] = [];
    const { told, calls } = instanceOf(async (_receive, send) => {
      await send({ type: "telegram.send_message" }).catch((error) => errors.push(error));
    });
    await turn();
    assert.ok(errors[0] instanceof InvalidEventError);
    assert.deepEqual(told, ["refused InvalidEventError"]);
    assert.deepEqual(calls, []);
  });

  test("never throws: what is wrong is a rejection", async () => {
    instanceOf((_receive, send) => {
      for (const event of [undefined, null, 5, "x", {}, [], Symbol("x")]) send(event).catch(() => {});
    });
    await turn();
  });

  test("that nobody waits for leaves no rejection behind", async () => {
    const { answers } = instanceOf(async (_receive, send) => {
      void send({ type: "telegram.send_message", text: "x" });
      void send({ type: "telegram.send_message" });
      await new Promise(() => {});
    });
    answers[0]!.reject(new TelegramError("sendMessage", 403, "Forbidden"));
    await turn();
  });
});

suite("disconnected", () => {
  test("an idle instance is told at once; then receive() never resolves and send() rejects", async () => {
    const events: Event[] = [];
    let silent = true;
    const { instance, told, calls } = instanceOf(async (receive, send) => {
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
    assert.deepEqual(told, ["idle", "silent"]);
    assert.deepEqual(calls, []);
    assert.ok(silent);
  });

  test("an instance at work is told when it next asks; until then it may send", async () => {
    const work = Promise.withResolvers<void>();
    const events: Event[] = [];
    const [a, b] = [message("a"), message("b")];
    const { instance, told, calls } = instanceOf(
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
    assert.deepEqual(told, [`settled ${a.seq}`]);
    assert.deepEqual(instance.queue, [b], "what it did not get stays queued");
  });

  test("an instance that had not asked for anything yet is told, too, and has received", async () => {
    const setup = Promise.withResolvers<void>();
    const a = message("a");
    const { instance, ending, told } = instanceOf(
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
    assert.deepEqual(told, []);
  });
});

suite("what it is at", () => {
  test("is told when an event is handed out, and when a call has been answered", async () => {
    const [a, b] = [message("a"), message("b")];
    const { worked, answers } = instanceOf(
      async (receive, send) => {
        await receive();
        await send({ type: "telegram.get_me" });
        await send({ type: "telegram.get_me" }).catch(() => {});
        await receive();
        await new Promise(() => {});
      },
      [a, b],
    );
    await turn();
    assert.deepEqual(worked, [a.seq]);
    answers[0]!.resolve(true);
    await turn();
    assert.deepEqual(worked, [a.seq, a.seq]);
    answers[1]!.reject(new TelegramError("getMe", 500, "x"));
    await turn();
    assert.deepEqual(worked, [a.seq, a.seq, a.seq, b.seq]);
  });

  test("is nothing when it has no event in hand", async () => {
    const { worked, answers } = instanceOf(async (receive, send) => {
      await send({ type: "telegram.get_me" });
      await receive();
    });
    answers[0]!.resolve(true);
    await turn();
    assert.deepEqual(worked, []);
  });
});

suite("its signal", () => {
  test("is aborted with the reason when it is to be dropped, also while it works", async () => {
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

  test("is the same one each time, and aborted already where it is asked for too late", async () => {
    const { instance } = instanceOf(forEver);
    const extensions = new InstanceExtensions(instance);
    instance.disconnect("evicted");
    assert.match(extensions.signal.reason.message, /evicted/);
    assert.equal(extensions.signal, extensions.signal);
  });
});

suite("at its end", () => {
  test("an application that returns leaves what it held", async () => {
    const a = message("a");
    const { instance, ending } = instanceOf(async (receive) => void (await receive()), [a]);
    assert.deepEqual(await ending, { thrown: undefined, held: a, received: true });
    assert.equal(instance.state, "ended");
    assert.equal(instance.held, undefined);
  });

  test("an application that throws leaves what it threw and what it held", async () => {
    const a = message("a");
    const error = new Error("x");
    const throwing: Application = async (receive) => {
      await receive();
      throw error;
    };
    assert.deepEqual(await instanceOf(throwing, [a]).ending, { thrown: { error }, held: a, received: true });
  });

  test("an application may throw what it likes, before it has received and synchronously", async () => {
    for (const error of [new Error("x"), undefined, null, "x", Symbol("x")]) {
      const application = () => {
        throw error;
      };
      const { ending } = instanceOf(application, [message("a")]);
      assert.deepEqual(await ending, { thrown: { error }, held: undefined, received: false });
    }
  });

  test("an application that is no async function ends when it returns", async () => {
    assert.deepEqual(await instanceOf(() => 5).ending, { thrown: undefined, held: undefined, received: false });
  });

  test("what it left running can neither receive nor send", async () => {
    const later = Promise.withResolvers<void>();
    const outcomes: unknown[] = [];
    const { instance, ending, told, calls } = instanceOf((receive, send) => {
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
    assert.deepEqual(told, ["silent"]);
    assert.deepEqual(calls, []);
  });
});
