/** Misbehaving applications in a real worker thread: log lines, and the fate of their events. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ApplicationLoadError, StartupFailedError, TelegramError, WorkerError } from "../../src/protocol/errors.ts";
import { Harness, type HarnessOptions } from "./harness.ts";

const start = (name: string, options?: HarnessOptions) => Harness.start(`misbehaving.ts:${name}`, options);

suite("an application that returns", () => {
  test("an application that returns at once: its events are settled, each with a warning", async () => {
    await using worker = await start("returnsAtOnce");
    worker.deliver("a");
    worker.deliver("b");
    assert.equal(await worker.settled(), "settled settled");
    assert.deepEqual(
      worker.log,
      Array(2).fill("warn: chat:1: the application returned without calling receive(); the event counts as handled"),
    );
  });

  test("an application that returns with events queued: each event goes to a new instance, and none is lost", async () => {
    await using worker = await start("returnsAfterOne");
    for (const text of ["a", "b", "c", "d"]) worker.deliver(text);
    assert.equal(await worker.settled(), "settled settled settled settled");
    assert.deepEqual(worker.sent, ["a", "b", "c", "d"]);
    assert.deepEqual(worker.log, []);
  });
});

suite("an application that throws", () => {
  for (const name of ["throwsBeforeReceiving", "throwsSynchronously"]) {
    test(`${name}: the event that started an instance has failed`, async () => {
      await using worker = await start(name);
      worker.deliver("a");
      worker.deliver("b");
      assert.equal(await worker.settled(), "failed failed");
      for (const { error } of worker.failures) {
        assert.match(error, /^Error: the database is gone\n {4}at .*misbehaving\.ts:\d+/);
      }
      const line = "error: chat:1: the application threw; the event is now a dead letter";
      assert.deepEqual(worker.log, [line, line]);
    });
  }

  test("an application that throws at an event: that event has failed, and no other", async () => {
    await using worker = await start("throwsOnOne");
    for (const [text, chat] of [
      ["good", 1],
      ["bad", 1],
      ["good", 1],
      ["good", 2],
    ] as const) {
      worker.deliver(text, chat);
    }
    assert.equal(await worker.settled(), "settled failed settled settled");
    assert.match(worker.failures[0]!.error, /^TypeError: I do not like that/);
  });

  test("an application whose stack overflows, or that calls process.abort(): the event has failed, and the thread lives", async () => {
    await using worker = await start("overflowsOrAborts");
    worker.deliver("overflow", 1);
    worker.deliver("abort", 2);
    assert.equal(await worker.settled(), "failed failed");
    assert.match(worker.failures.find(({ seq }) => seq === 1)!.error, /^RangeError: Maximum call stack size exceeded/);
    assert.match(worker.failures.find(({ seq }) => seq === 2)!.error, /process\.abort\(\) is not supported in workers/);
    assert.deepEqual(worker.deaths, []);
  });

  test("an uncaught TelegramError: the event has failed, with Telegram's description", async () => {
    const answer = () => {
      throw new TelegramError("sendMessage", 403, "Forbidden: bot was blocked by the user");
    };
    await using worker = await start("letsErrorsEscape", { answer });
    worker.deliver("a");
    assert.equal(await worker.settled(), "failed");
    assert.match(worker.failures[0]!.error, /^TelegramError: sendMessage: 403 Forbidden: bot was blocked by the user/);
  });

  test("an uncaught DisconnectedError: the event is settled, and nothing is logged", async () => {
    await using worker = await start("letsDisconnectedErrorEscape");
    worker.deliver("a");
    assert.equal(await worker.settled(), "settled");
    assert.deepEqual(worker.log, []);
  });
});

suite("an application that sends", () => {
  test("an application that sends wrong events: each is refused by name, with a warning, and the application goes on", async () => {
    await using worker = await start("sendsNoEvent");
    const refused = {
      "an unknown type":
        'unknown event type "telegram.sendMessage": an outgoing event is named after a method of the Bot API, "telegram.send_message" for sendMessage',
      "no type": 'the event\'s "type" must be a string, not undefined',
      "no object":
        'send() takes an event such as { type: "telegram.send_message", text: "…" }, not the string "telegram.send_message"',
      "no text": 'telegram.send_message needs "text"',
      "a cycle":
        '"reply_markup.self" is a reference to an object that contains it (a cycle); events hold plain data and files only',
      "a function": '"text" is a function; events hold plain data and files only',
      "a symbol": '"text" is a symbol; events hold plain data and files only',
      "bytes that have been sent":
        '"photo" has been sent before, so its buffer is empty; to send the same bytes several times, pass a Blob',
    };
    for (const what of Object.keys(refused)) worker.deliver(what);
    await worker.settled();
    const messages = Object.values(refused).map((message) => `InvalidEventError: ${message}`);
    assert.deepEqual(worker.sent, messages);
    assert.deepEqual(
      worker.log,
      messages.map((message) => `warn: chat:1: send() refused an event: ${message}`),
    );
    assert.equal(worker.failures.length, 0);
  });

  test("an application that does not await a failing send: the worker lives on", async () => {
    const answer = () => {
      throw new TelegramError("sendMessage", 403, "Forbidden");
    };
    await using worker = await start("sendsWithoutWaiting", { answer });
    worker.deliver("a");
    worker.deliver("b");
    assert.equal(await worker.settled(), "settled settled");
    await worker.drain();
    assert.deepEqual(worker.sent, ["a", "b"]);
    assert.deepEqual(worker.crashes, []);
    assert.deepEqual(worker.deaths, []);
  });

  test("an application that sends after its disconnect event: send() rejects, and receive() never resolves", async () => {
    await using worker = await start("sendsAfterDisconnect");
    worker.deliver("a");
    await worker.settled();
    await worker.drain();
    assert.deepEqual(worker.sent, []);
    assert.deepEqual(
      worker.output.map(({ text, scope }) => [scope, text]),
      [["chat:1", "DisconnectedError: nothing can be sent for chat:1 any more: the instance has been disconnected"]],
    );
  });
});

suite("an application that receives", () => {
  test("an application that calls receive() twice at once: the second call rejects, the first gets the event", async () => {
    await using worker = await start("receivesTwiceAtOnce");
    worker.deliver("a");
    await worker.until(() => worker.sent.length === 1);
    worker.deliver("b");
    assert.equal(await worker.settled(), "settled settled");
    assert.deepEqual(worker.sent, [
      "ReceiveError: receive() was called while an earlier receive() still waits for an event",
      "b",
    ]);
  });

  test("an application that never receives: its events stay unsettled, and other chats are served", async () => {
    // The later warning is tested in instances.test.ts.
    await using worker = await start("neverReceivesInChatOne");
    worker.deliver("a", 1);
    worker.deliver("b", 1);
    worker.deliver("c", 2);
    await worker.until(() => worker.fates === "left left settled");
    assert.deepEqual(worker.log, []);
  });
});

suite("an error that nothing catches", () => {
  const cases = {
    leavesARejection: /^Error: nothing awaits me\n {4}at .*misbehaving\.ts/,
    throwsFromATimer: /^RangeError: out of time\n {4}at .*misbehaving\.ts/,
  };
  for (const [name, error] of Object.entries(cases)) {
    test(`${name}: its event has failed, its instance ends, and the thread and all others go on`, async () => {
      await using worker = await start(name);
      worker.deliver("before", 1);
      worker.deliver("hold", 2);
      await worker.until(() => worker.fates === "settled left");
      worker.deliver("now", 3);
      worker.deliver("behind", 3);
      worker.deliver("after", 1);
      await worker.until(() => worker.fates === "settled left failed settled settled");
      assert.match(worker.failures[0]!.error, error);
      assert.deepEqual(worker.sent.toSorted(), ["after", "before", "behind"]);
      assert.deepEqual([worker.crashes, worker.deaths], [[], []]);
    });
  }

  test("an error of no instance ends the thread, which names the events that are open", async () => {
    await using worker = await start("throwsOutside");
    worker.deliver("before", 1);
    const open = [worker.deliver("hold", 2)];
    await worker.until(() => worker.fates === "settled left");
    open.push(worker.deliver("now", 3));
    await worker.replaced();
    const [{ message, scope, seq, open: named } = assert.fail()] = worker.crashes;
    assert.deepEqual([message, scope, seq], ["an uncaught exception ends the worker", undefined, undefined]);
    assert.deepEqual(named, open);
  });

  test("an error between two events is logged, and ends the instance", async () => {
    await using worker = await Harness.start("late-thrower.ts");
    worker.deliver("throw later");
    await worker.until(() => worker.lines.length > 0);
    assert.equal(worker.fates, "settled");
    const [{ level, message, error, scope } = assert.fail()] = worker.lines;
    assert.deepEqual([level, message, scope], ["error", "the application threw while it held no event", "chat:1"]);
    assert.match(error!, /^Error: too late/);
    worker.deliver("again");
    await worker.until(() => worker.fates === "settled settled");
    assert.deepEqual(worker.sent, ["1", "1"]);
  });

  test("an application that listens for such errors decides itself", async () => {
    await using worker = await Harness.start("listening.ts");
    worker.deliver("reject");
    worker.deliver("throw", 2);
    assert.equal(await worker.settled(), "settled settled");
    assert.deepEqual(worker.printed.toSorted(), ["heard: left behind", "heard: thrown"]);
    assert.deepEqual([worker.crashes, worker.deaths], [[], []]);
  });

  test("an application that listens for uncaught exceptions alone hears of rejections, as under Node.js", async () => {
    await using worker = await Harness.start("listening-for-exceptions.ts");
    worker.deliver("reject");
    worker.deliver("reject outside", 2);
    assert.equal(await worker.settled(), "settled settled");
    await worker.until(() => worker.printed.length === 2);
    const heard = [
      "heard of unhandledRejection: left behind",
      "heard of unhandledRejection: left behind by no instance",
    ];
    assert.deepEqual(worker.printed.toSorted(), heard);
    assert.deepEqual([worker.crashes, worker.deaths], [[], []]);
  });
});

suite("an application that ends its thread", () => {
  const cases = {
    callsExit: {
      message: "process.exit(7) was called",
      error: /process\.exit\(\) was called here\n.*misbehaving\.ts/s,
    },
  };
  for (const [name, { message, error }] of Object.entries(cases)) {
    test(`${name}: the crash is reported with scope and event, other events stay unsettled, the worker is replaced`, async () => {
      await using worker = await start(name);
      worker.deliver("before", 1);
      worker.deliver("hold", 2);
      await worker.until(() => worker.fates === "settled left");
      const culprit = worker.deliver("now", 3);
      await worker.replaced();

      const [crash, ...more] = worker.crashes;
      assert.equal(crash!.message, message);
      assert.equal(crash!.scope, "chat:3");
      assert.equal(crash!.seq, culprit);
      assert.match(crash!.error, error);
      assert.deepEqual(more, []);
      assert.equal(worker.fates, "settled left left");

      worker.deliver("after", 1);
      await worker.until(() => worker.fates === "settled left left settled");
      assert.deepEqual(worker.sent, ["before", "after"]);
      assert.deepEqual(worker.deaths, ["crash"]);
      assert.deepEqual(worker.culprits, [culprit]);
    });
  }

  test("output before the crash is not lost", async () => {
    await using worker = await start("callsExit");
    worker.deliver("now");
    await worker.replaced();
    assert.deepEqual(worker.output, [
      { type: "output", stream: "stdout", text: "last words", scope: "chat:1", update_id: 1001, kind: "message" },
    ]);
  });
});

suite("an application that cannot be started", () => {
  const fails = async (application: string, options: HarnessOptions = {}): Promise<Error> => {
    try {
      await using _worker = await Harness.start(application, options);
    } catch (error) {
      return error as Error;
    }
    return assert.fail("it started");
  };

  test("an application whose file throws: start() rejects, with the stack as the cause", async () => {
    const error = await fails("throws-on-import.ts");
    assert.ok(error instanceof ApplicationLoadError);
    assert.equal(error.message, "throws-on-import.ts could not be imported: it threw TypeError: the key is missing");
    assert.match(String(error.cause), /throws-on-import\.ts:1/);
  });

  test("an application with code that works in a main thread alone: the error says what to do", async () => {
    const { message } = await fails("../heavy/main-thread-only.ts");
    assert.match(
      message,
      /Module did not self-register.*\nthat code .*: run it with offload\(…, \{ process: true \}\)$/,
    );
  });

  test("an application whose startup failed: start() rejects", async () => {
    const error = await fails("with-lifespan.ts:failing", { lifespan: "auto" });
    assert.ok(error instanceof StartupFailedError);
    assert.equal(error.message, "the application's startup failed: no database");
  });

  for (const application of ["exits-on-import.ts", "rejects-on-import.ts"]) {
    test(`an application that ends its thread (${application}): start() rejects`, async () => {
      const error = await fails(application);
      assert.ok(error instanceof WorkerError);
      assert.match(error.message, /^worker 0 died while it started: /);
    });
  }
});

suite("a worker thread", () => {
  test("a worker thread has none of the server's settings, nor the token", async (t) => {
    const token = "123456789:AAE-not-a-real-token";
    process.env.ASGIGRAM_TOKEN = token;
    process.env.OF_THE_APPLICATION = "yes";
    process.argv.push("--token", token);
    t.after(() => {
      delete process.env.ASGIGRAM_TOKEN;
      process.argv.splice(-2);
    });
    await using worker = await Harness.start("environment.ts");
    worker.deliver("tell me");
    await worker.settled();
    const seen = String(worker.sent[0]);
    assert.equal(JSON.parse(seen).env.OF_THE_APPLICATION, "yes");
    assert.doesNotMatch(seen, /ASGIGRAM_/);
    assert.ok(!seen.includes(token), seen);
  });

  test("a worker thread reports its application's output, whole and with its scope", async () => {
    await using worker = await Harness.start("printing.ts");
    worker.deliver("Hello", 5);
    await worker.until(() => worker.output.some(({ text }) => text === "later"));
    assert.deepEqual(
      worker.output.map(({ stream, text, scope }) => [scope, stream, text]),
      [
        [undefined, "stdout", "imported"],
        ["chat:5", "stdout", "heard Hello { from: { id: 5 } }"],
        ["chat:5", "stderr", "first line\nsecond line"],
        ["chat:5", "stdout", "in parts"],
        ["chat:5", "stdout", "bytes"],
        ["chat:5", "stdout", "later"],
      ],
    );
  });

  test("a worker thread runs lifespan startup before its first event and shutdown after its last", async () => {
    await using worker = await Harness.start("with-lifespan.ts", { lifespan: "on" });
    worker.deliver("a", 1);
    worker.deliver("b", 2);
    await worker.settled();
    await worker.drain();
    assert.deepEqual(worker.sent, ["event 1", "event 2"]);
    assert.deepEqual(worker.printed, ["2 events"]);
    assert.deepEqual(worker.log, []);
  });

  test("a worker thread that replaces another runs lifespan startup again", async () => {
    await using worker = await Harness.start("lifespan-and-crash.ts", { lifespan: "on" });
    worker.deliver("x");
    await worker.replaced();
    assert.deepEqual(worker.printed, ["startup", "startup"]);
  });
});
