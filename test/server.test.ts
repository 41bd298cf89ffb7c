import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type IncomingCall, Refusal, refuse, Simulator } from "../simulator/index.ts";
import { resolveConfig } from "../src/config/config.ts";
import type { InboxReceiver } from "../src/inbox/inbox.ts";
import { MemoryInbox } from "../src/inbox/memory.ts";
import { SqliteInbox } from "../src/inbox/sqlite.ts";
import { AsgigramError, InboxError, type RunningServer, serve, TokenRejectedError } from "../src/index.ts";
import type { SendMessage } from "../src/observe/channels.ts";
import { serve as serveConfig } from "../src/server.ts";
import { unsettledIn } from "./chaos/inbox-file.ts";
import { confirmed, message, nextMessage, nextText } from "./end-to-end/bot.ts";
import { eventually } from "./eventually.ts";
import { Folder } from "./folder.ts";
import { received } from "./inbox/received.ts";

const APP = join(import.meta.dirname, "end-to-end/apps/counter.ts");
const fixture = (name: string) => join(import.meta.dirname, `fixtures/apps/${name}.ts`);

const options = (simulator: Simulator, more: object = {}) => ({
  token: simulator.token,
  apiUrl: simulator.url,
  application: APP,
  workers: 1,
  inbox: false as const,
  logLevel: "silent" as const,
  ...more,
});

const configOf = (simulator: Simulator, more: object = {}) =>
  resolveConfig({ options: options(simulator, more), env: {}, cwd: import.meta.dirname });

describe("a server in a program", () => {
  test("answers, is idle when all is answered, and stops as often as it is told to", async () => {
    await using simulator = await Simulator.start();
    const server = await serve(options(simulator));
    const ann = await simulator.user("ann");
    await ann.sendText("hi");
    assert.equal(await nextText(ann), "hello 1");
    await confirmed(simulator);
    await server.idle();
    await Promise.all([server.stop(), server.stop(), server.closed]);
    await server.stop();
  });

  test("stops in time where Telegram hangs: the last offset need not be confirmed", async () => {
    let hangs = false;
    await using simulator = await Simulator.start({
      intercept: async (_call, respond) => (hangs ? await new Promise<never>(() => {}) : await respond()),
    });
    const server = await serve(options(simulator, { shutdownTimeout: 600 }));
    const ann = await simulator.user("ann");
    await ann.sendText("hi");
    await nextMessage(ann);
    await server.idle();
    hangs = true;
    await server.stop();
  });

  test("/readyz says why a reload failed, and hides what the code may have quoted", async () => {
    await using simulator = await Simulator.start();
    using folder = new Folder();
    const application = folder.write(
      "app.mjs",
      "export const application = async (scope, receive) => void (await receive());",
    );
    await using server = await start(await configOf(simulator, { application, listen: "127.0.0.1:0" }));
    const code = `throw new Error("postgres://bot:hunter2hunter2@db/app: /bot${simulator.token}/getMe")`;
    folder.write("app.mjs", code);
    await assert.rejects(server.reload());
    const answer = await (await fetch(`${server.statusUrl}/readyz`)).text();
    assert.match(answer, /postgres:\/\/<credentials>@db\/app: \/bot<token>\/getMe/);
  });

  test("stops in order within any time that it is given, and says why it did not start", async () => {
    await using simulator = await Simulator.start();
    for (const shutdownTimeout of [0.75, 2.01]) {
      const server = await serve(options(simulator, { shutdownTimeout }));
      await server.stop();
      await server.closed;
    }
    const wrong = serve(options(simulator, { token: "1:wrong", shutdownTimeout: 0.75 }));
    await assert.rejects(wrong, TokenRejectedError);
  });

  test("a start that is given up while it is about to listen leaves nothing open", async () => {
    await using simulator = await Simulator.start();
    const config = await configOf(simulator, { listen: "127.0.0.1:0" });
    const ending = new AbortController();
    const starting = serveConfig(config, ending.signal);
    ending.abort(new Error("not wanted any more"));
    await assert.rejects(starting, /not wanted any more/);
  });

  test("a start that ends because the inbox fails says so", async () => {
    await using simulator = await Simulator.start();
    class FailingInbox extends MemoryInbox {
      override async start(receiver: InboxReceiver): Promise<number> {
        receiver.onError(new InboxError("the disk is full"));
        return 0;
      }
    }
    const openInbox = () => new FailingInbox();
    const starting = serveConfig(await configOf(simulator), undefined, undefined, { openInbox });
    await assert.rejects(starting, { code: "ASGIGRAM_INBOX", message: "the disk is full" });
  });

  test("does not start with options that are wrong, and says which", async () => {
    await using simulator = await Simulator.start();
    await assert.rejects(serve(options(simulator, { workers: 0 })), { code: "ASGIGRAM_CONFIG", message: /workers/ });
  });

  test("does not start with a token that Telegram does not know", async () => {
    await using simulator = await Simulator.start();
    await assert.rejects(serve(options(simulator, { token: "1:wrong" })), TokenRejectedError);
  });

  test("ends by itself, with the reason, when the token is revoked", async () => {
    let isRevoked = false;
    await using simulator = await Simulator.start({
      intercept: async (_call, respond) => (isRevoked ? refuse(new Refusal(401, "Unauthorized")) : await respond()),
    });
    const server = await serve(options(simulator));
    const ann = await simulator.user("ann");
    isRevoked = true;
    // The poll that waits is answered, and the next one is refused.
    await ann.sendText("hi");
    await assert.rejects(
      server.closed,
      (error) => error instanceof AsgigramError && error instanceof TokenRejectedError,
    );
    await server.stop();
  });
});

describe("a signal", () => {
  test("that is aborted while the server starts ends it, and serve() rejects with the reason", async () => {
    const stopping = new AbortController();
    const reason = new Error("changed my mind");
    await using simulator = await Simulator.start({
      intercept: async (_call, respond) => {
        stopping.abort(reason);
        return await respond();
      },
    });
    await assert.rejects(serveConfig(await configOf(simulator), stopping.signal), reason);
  });

  test("that is aborted later is the same as stop()", async () => {
    const stopping = new AbortController();
    await using simulator = await Simulator.start();
    const server = await serveConfig(await configOf(simulator), stopping.signal);
    stopping.abort();
    await server.closed;
  });

  test("that has been aborted already starts nothing", async () => {
    await using simulator = await Simulator.start();
    await assert.rejects(serveConfig(await configOf(simulator), AbortSignal.abort(new Error("no"))), /no/);
    assert.equal(simulator.calls.length, 0);
  });
});

/** Holds calls back until they are let go. */
class Gate {
  readonly held: IncomingCall[] = [];
  #open = Promise.withResolvers<void>();
  #first = Promise.withResolvers<void>();

  /** Resolves when a call is held. */
  get reached(): Promise<void> {
    return this.#first.promise;
  }

  async pass(call: IncomingCall): Promise<void> {
    this.held.push(call);
    this.#first.resolve();
    await this.#open.promise;
  }

  open(): void {
    this.#open.resolve();
  }
}

/** Calls the Bot API for a while, so that the server's calls that are under way arrive. */
async function letCallsArrive(simulator: Simulator): Promise<void> {
  for (let i = 0; i < 20; i++) await fetch(`${simulator.url}/bot${simulator.token}/getMe`);
}

const offsets = (simulator: Simulator) =>
  simulator.calls
    .filter(({ method }) => method === "getUpdates")
    .map(({ parameters }) => Number(parameters.offset ?? 0));

/** Starts a server that stops with the test's block. */
async function start(...call: Parameters<typeof serveConfig>): Promise<RunningServer & AsyncDisposable> {
  const server = await serveConfig(...call);
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

describe("the poller and the inbox", () => {
  /** An inbox whose disk is slow: append() resolves when the disk is done. */
  function slowDisk() {
    const done = Promise.withResolvers<void>();
    const inbox = Object.assign(new MemoryInbox(), { isDurable: true });
    const append = inbox.append.bind(inbox);
    inbox.append = async (updates) => {
      const count = await append(updates);
      await done.promise;
      return count;
    };
    return { inbox, done };
  }

  test("a batch is confirmed to Telegram only when the inbox has it for good", async () => {
    await using simulator = await Simulator.start();
    const { inbox, done } = slowDisk();
    const parts = { openInbox: () => inbox };
    await using _server = await start(await configOf(simulator), undefined, undefined, parts);
    const ann = await simulator.user("ann");
    await ann.sendText("hi");
    assert.equal(await nextText(ann), "hello 1", "the application does not wait for the disk");
    await letCallsArrive(simulator);
    assert.deepEqual([offsets(simulator), simulator.pending], [[0], 1]);
    done.resolve();
    await confirmed(simulator);
    assert.deepEqual(offsets(simulator), [0, 100_000_002]);
  });

  test("the last offset is confirmed when the server stops", async () => {
    await using simulator = await Simulator.start();
    const { inbox, done } = slowDisk();
    const parts = { openInbox: () => inbox };
    await using server = await start(await configOf(simulator), undefined, undefined, parts);
    const ann = await simulator.user("ann");
    await ann.sendText("hi");
    await nextText(ann);
    const stopped = server.stop();
    done.resolve();
    await stopped;
    assert.equal(simulator.pending, 0);
    assert.deepEqual(
      simulator.calls.filter(({ method }) => method === "getUpdates").map(({ parameters }) => parameters.timeout),
      [50, 0],
      "no poll that waits begins while the server stops",
    );
  });

  test("polling pauses while 10,000 events are unsettled, and goes on when half of them are settled", async () => {
    const gate = new Gate();
    await using simulator = await Simulator.start({
      intercept: async (call, respond) => {
        if (call.method === "sendMessage") await gate.pass(call);
        return await respond();
      },
    });
    const config = await configOf(simulator, { application: fixture("held-back"), listen: "127.0.0.1:0" });
    const updates = (count: number) => Array.from({ length: count }, (_, i) => message(1 + (i % 100), "hi"));
    await simulator.pushMany(updates(10_000));
    await using server = await start(config);
    await eventually(
      () => isFull(server),
      () => simulator.pending,
    );
    // A poll that brought something more would be in vain: it could not be confirmed.
    await simulator.pushMany(updates(50));
    await letCallsArrive(simulator);
    assert.equal(simulator.pending, 150, "the last batch and the new updates");
    assert.equal(offsets(simulator).length, 100);
    assert.equal(await isFull(server), true);
    gate.open();
    await confirmed(simulator);
    await server.idle();
    assert.equal(await isFull(server), false);
    assert.equal(gate.held.length, 1);
  });

  test("a server that finds as many unsettled events as --inbox-limit does not poll before there is room", async () => {
    using folder = new Folder();
    const path = folder.join("inbox.sqlite");
    const gate = new Gate();
    await using simulator = await Simulator.start({
      intercept: async (call, respond) => {
        if (call.method === "sendMessage") await gate.pass(call);
        return await respond();
      },
    });
    // The chat is known, and its update waits for the first poll.
    await simulator.push(message(1, "hi"));
    const inbox = new SqliteInbox(path, simulator.bot.id);
    const left = Array.from({ length: 10_000 }, (_, i) => ({ update_id: i, ...message(1, "hi") }));
    await inbox.append(left.map(received));
    await inbox.close();
    const more = { application: fixture("held-back"), listen: "127.0.0.1:0", inbox: path, inboxLimit: 10_000 };
    await using server = await start(await configOf(simulator, more));
    await gate.reached;
    await letCallsArrive(simulator);
    assert.deepEqual([await isFull(server), offsets(simulator)], [true, []]);
    gate.open();
    await confirmed(simulator);
    await server.idle();
    await server.stop();
    assert.equal(unsettledIn(path), 0);
  });
});

/** True if the server's metrics say that polling pauses. */
async function isFull(server: RunningServer): Promise<boolean> {
  const metrics = await fetch(`${server.statusUrl}/metrics`);
  return /^asgigram_inbox_full\S* 1$/m.test(await metrics.text());
}

describe("stop()", () => {
  const bots: [how: string, stop: (server: RunningServer, signal: AbortController) => Promise<void>][] = [
    ["stop()", (server) => server.stop()],
    [
      "a signal",
      (server, signal) => {
        signal.abort();
        return server.closed;
      },
    ],
  ];

  for (const [how, stop] of bots) {
    test(`without an inbox, ${how} lets the application handle every update that was received`, async () => {
      const gate = new Gate();
      await using simulator = await Simulator.start({
        intercept: async (call, respond) => {
          if (call.method === "sendMessage") await gate.pass(call);
          return await respond();
        },
      });
      const signal = new AbortController();
      await using server = await start(await configOf(simulator), signal.signal);
      // More than a worker may hold of one chat.
      await simulator.pushMany(Array.from({ length: 50 }, () => message(7, "hi")));
      await gate.reached;
      await confirmed(simulator);
      const stopped = stop(server, signal);
      await letCallsArrive(simulator);
      assert.equal(gate.held.length, 1);
      gate.open();
      await stopped;
      assert.deepEqual(
        gate.held.map(({ parameters }) => parameters.text),
        Array.from({ length: 50 }, (_, i) => `hello ${i + 1}`),
      );
    });
  }

  test("with an inbox, it leaves the rest to the next server", async () => {
    using folder = new Folder();
    const inbox = folder.join("inbox.sqlite");
    const gate = new Gate();
    await using simulator = await Simulator.start({
      intercept: async (call, respond) => {
        if (call.method === "sendMessage") await gate.pass(call);
        return await respond();
      },
    });
    const config = await configOf(simulator, { inbox });
    await using server = await start(config);
    await simulator.pushMany(Array.from({ length: 50 }, () => message(7, "hi")));
    await gate.reached;
    await confirmed(simulator);
    const stopped = server.stop();
    gate.open();
    await stopped;
    assert.equal(unsettledIn(inbox), 49);
    assert.equal(gate.held.length, 1);
    await using next = await start(config);
    await next.idle();
    await next.stop();
    assert.deepEqual(
      gate.held.map(({ parameters }) => parameters.text),
      ["hello 1", ...Array.from({ length: 49 }, (_, i) => `hello ${i + 1}`)],
    );
    assert.equal(unsettledIn(inbox), 0);
  });

  test("calls that no application waits for go out before the server has stopped", async () => {
    const gate = new Gate();
    await using simulator = await Simulator.start({
      intercept: async (call, respond) => {
        if (call.method !== "sendMessage") return await respond();
        await gate.pass(call);
        // Slower than all else that a stop waits for.
        await letCallsArrive(simulator);
        return await respond();
      },
    });
    using folder = new Folder();
    const inbox = folder.join("inbox.sqlite");
    const config = await configOf(simulator, { application: fixture("unawaited"), inbox });
    await using server = await start(config);
    await simulator.pushMany([message(7, "hi"), message(8, "ho")]);
    await eventually(
      () => gate.held.length === 2,
      () => gate.held,
    );
    const stopped = server.stop();
    await letCallsArrive(simulator);
    assert.equal(gate.held.length, 2, "calls to one chat wait for one another");
    gate.open();
    await stopped;
    for (const [chat, text] of [
      [7, "hi"],
      [8, "ho"],
    ]) {
      const heard = gate.held.filter(({ parameters }) => parameters.chat_id === chat);
      assert.deepEqual(
        heard.map(({ parameters }) => parameters.text),
        [1, 2, 3, 4, 5].map((n) => `${text} ${n}`),
      );
    }
  });

  test("gives calls up when those under way have ended, before the inbox is closed: their journals are in it", async () => {
    const course: string[] = [];
    const note = (message: unknown) => void course.push((message as SendMessage).outcome);
    subscribe("asgigram:send", note);
    class NotedInbox extends MemoryInbox {
      override async close(): Promise<void> {
        course.push("closed");
      }
    }
    const gate = new Gate();
    await using simulator = await Simulator.start({
      intercept: async (call, respond) => {
        if (call.method === "sendMessage") await gate.pass(call);
        return await respond();
      },
    });
    const config = await configOf(simulator, { application: fixture("unawaited"), shutdownTimeout: 0 });
    const server = await serveConfig(config, undefined, undefined, { openInbox: () => new NotedInbox() });
    await simulator.pushMany([message(7, "hi")]);
    await gate.reached;
    await server.stop();
    unsubscribe("asgigram:send", note);
    // The call under way ends with its connection.
    assert.deepEqual(course, ["unknown", "unsent", "unsent", "unsent", "unsent", "closed"]);
  });
});
