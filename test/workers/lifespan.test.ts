import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { InvalidEventError, StartupFailedError } from "../../src/protocol/errors.ts";
import { createLifespan, type LifespanMode } from "../../workers/lifespan.ts";

interface LifespanScope {
  type: string;
  asgi: object;
  state: Record<string, unknown>;
}
type Receive = () => Promise<{ type: string }>;
type Send = (event: unknown) => Promise<unknown>;
type Application = (scope: LifespanScope, receive: Receive, send: Send) => unknown;

function lifespanOf(application: Application, mode: LifespanMode = "auto") {
  const log: [level: string, message: string, error?: unknown][] = [];
  const lifespan = createLifespan(mode, application as never, (...line) => log.push(line));
  return { lifespan, log };
}

/** Asserts that startup() rejects with a StartupFailedError of that message. */
async function fails(application: Application, mode: LifespanMode, message: string): Promise<StartupFailedError> {
  const { lifespan } = lifespanOf(application, mode);
  const error = await lifespan.startup().then(
    () => assert.fail("it started"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof StartupFailedError, String(error));
  assert.equal(error.message, message);
  return error;
}

const complete: Application = async (_scope, receive, send) => {
  assert.equal((await receive()).type, "lifespan.startup");
  await send({ type: "lifespan.startup.complete" });
  assert.equal((await receive()).type, "lifespan.shutdown");
  await send({ type: "lifespan.shutdown.complete" });
};

suite("an application with lifespan support", () => {
  for (const mode of ["auto", "on"] as const) {
    test(`an application answers startup and shutdown (${mode})`, async () => {
      const { lifespan, log } = lifespanOf(complete, mode);
      await lifespan.startup();
      await lifespan.shutdown();
      assert.deepEqual(log, []);
    });
  }

  test("an application gets a lifespan scope, and its state is there for the instances", async () => {
    const scopes: LifespanScope[] = [];
    const { lifespan } = lifespanOf(async (scope, receive, send) => {
      scopes.push({ ...scope, state: { ...scope.state } });
      await receive();
      scope.state.database = "open";
      await send({ type: "lifespan.startup.complete" });
      await receive();
    });
    await lifespan.startup();
    assert.deepEqual(scopes, [{ type: "lifespan", asgi: { version: "3.0", spec_version: "1.0" }, state: {} }]);
    assert.deepEqual(lifespan.state, { database: "open" });
  });

  test("startup() waits for the application's answer", async () => {
    const database = Promise.withResolvers<void>();
    const { lifespan } = lifespanOf(async (_scope, receive, send) => {
      await receive();
      await database.promise;
      await send({ type: "lifespan.startup.complete" });
    });
    let ready = false;
    const started = lifespan.startup().then(() => {
      ready = true;
    });
    await new Promise(setImmediate);
    assert.equal(ready, false);
    database.resolve();
    await started;
  });

  test("shutdown() waits for the application's answer", async () => {
    const database = Promise.withResolvers<void>();
    const { lifespan } = lifespanOf(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.complete" });
      await receive();
      await database.promise;
      await send({ type: "lifespan.shutdown.complete" });
    });
    await lifespan.startup();
    let over = false;
    const stopped = lifespan.shutdown().then(() => {
      over = true;
    });
    await new Promise(setImmediate);
    assert.equal(over, false);
    database.resolve();
    await stopped;
  });

  test("an application gets lifespan.shutdown when it comes, not before", async () => {
    const received: string[] = [];
    const { lifespan } = lifespanOf(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.complete" });
      received.push((await receive()).type);
      await send({ type: "lifespan.shutdown.complete" });
    });
    await lifespan.startup();
    await new Promise(setImmediate);
    assert.deepEqual(received, []);
    await lifespan.shutdown();
    assert.deepEqual(received, ["lifespan.shutdown"]);
  });
});

suite("lifespan.startup.failed", () => {
  const failing = (event: object): Application => {
    return async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.failed", ...event });
    };
  };
  for (const mode of ["auto", "on"] as const) {
    test(`startup() rejects with the application's message (${mode})`, async () => {
      await fails(failing({ message: "no database" }), mode, "the application's startup failed: no database");
    });
    test(`startup() rejects without a message from the application (${mode})`, async () => {
      await fails(failing({}), mode, "the application's startup failed");
      await fails(failing({ message: 5 }), mode, "the application's startup failed");
    });
  }
});

suite("an application without lifespan support", () => {
  const error = new TypeError("scope.chat is undefined");
  const reactions: Record<string, { application: Application; error?: Error }> = {
    threw: {
      application: () => {
        throw error;
      },
      error,
    },
    returned: { application: async () => {} },
    "asked for another event": {
      application: async (_scope, receive) => {
        for (;;) await receive();
      },
    },
  };
  for (const [why, { application, error }] of Object.entries(reactions)) {
    test(`with auto, the application ${why}: startup and shutdown go on without it`, async () => {
      const { lifespan, log } = lifespanOf(application);
      await lifespan.startup();
      await lifespan.shutdown();
      assert.deepEqual(log, [["debug", `no lifespan: the application ${why} on lifespan.startup`, error]]);
    });

    test(`with on, the application ${why}: startup() rejects`, async () => {
      const message = `--lifespan on, but the application ${why} on lifespan.startup`;
      assert.equal((await fails(application, "on", message)).cause, error);
    });
  }

  test("with off, the application is not called", async () => {
    const { lifespan } = lifespanOf(() => assert.fail("it was called"), "off");
    await lifespan.startup();
    await lifespan.shutdown();
    assert.deepEqual(lifespan.state, {});
  });

  test("an application that sends another event without await gets no unhandled rejection", async () => {
    const { lifespan } = lifespanOf(async (_scope, receive, send) => {
      send({ type: "telegram.send_message", text: "Hello" });
      for (;;) await receive();
    });
    await lifespan.startup();
    await new Promise(setImmediate);
  });
});

test("send() refuses an event that is no lifespan event", async () => {
  const errors: unknown[] = [];
  const { lifespan } = lifespanOf(async (_scope, receive, send) => {
    await receive();
    for (const event of [{ type: "telegram.send_message" }, { type: "lifespan.startup" }, {}, null, undefined, 5]) {
      errors.push(await send(event).catch((error) => error));
    }
    await send({ type: "lifespan.startup.complete" });
    await receive();
  });
  await lifespan.startup();
  assert.equal(errors.length, 6);
  for (const error of errors) assert.ok(error instanceof InvalidEventError);
  assert.equal(
    (errors[0] as Error).message,
    'a lifespan event to send is lifespan.startup.complete or .failed, or lifespan.shutdown.complete or .failed, not the string "telegram.send_message"',
  );
});

suite("after startup", () => {
  const started =
    (rest: (receive: Receive, send: Send) => Promise<void>): Application =>
    async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.complete" });
      await rest(receive, send);
    };
  const error = new Error("the cable is cut");
  const cases: Record<string, { rest: (receive: Receive, send: Send) => Promise<void>; log: unknown[] }> = {
    "lifespan.shutdown.failed is logged": {
      rest: async (receive, send) => {
        await receive();
        await send({ type: "lifespan.shutdown.failed", message: "the disk is full" });
      },
      log: [["error", "the application's shutdown failed: the disk is full"]],
    },
    "an application that throws on shutdown is logged with its error": {
      rest: async (receive) => {
        await receive();
        throw error;
      },
      log: [["warn", "the application threw on lifespan.shutdown instead of answering it", error]],
    },
    "an application that returns on shutdown is logged": {
      rest: async (receive) => void (await receive()),
      log: [["warn", "the application returned on lifespan.shutdown instead of answering it", undefined]],
    },
    "an application that asks for more on shutdown is logged": {
      rest: async (receive) => {
        for (;;) await receive();
      },
      log: [
        ["warn", "the application asked for another event on lifespan.shutdown instead of answering it", undefined],
      ],
    },
    "an application that throws before shutdown is logged with its error": {
      rest: async () => {
        throw error;
      },
      log: [["warn", "the application's lifespan ended early: it threw", error]],
    },
    "an application that returns before shutdown is logged": {
      rest: async () => {},
      log: [["warn", "the application's lifespan ended early: it returned", undefined]],
    },
  };
  for (const [what, { rest, log: expected }] of Object.entries(cases)) {
    test(`${what}, and the shutdown goes on`, async () => {
      const { lifespan, log } = lifespanOf(started(rest));
      await lifespan.startup();
      await new Promise(setImmediate);
      await lifespan.shutdown();
      assert.deepEqual(log, expected);
    });
  }
});
