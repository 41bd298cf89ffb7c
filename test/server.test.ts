import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Refusal, refuse, Simulator } from "../simulator/index.ts";
import { resolveConfig } from "../src/config/config.ts";
import { AsgigramError, serve, TokenRejectedError } from "../src/index.ts";
import { serve as serveConfig } from "../src/server.ts";

const APP = join(import.meta.dirname, "end-to-end/apps/counter.ts");

const options = (simulator: Simulator, more: object = {}) => ({
  token: simulator.token,
  apiUrl: simulator.url,
  application: APP,
  workers: 1,
  inbox: false as const,
  logLevel: "silent" as const,
  ...more,
});

const configOf = (simulator: Simulator) =>
  resolveConfig({ options: options(simulator), env: {}, cwd: import.meta.dirname });

describe("a server in a program", () => {
  test("answers, is idle when all is answered, and stops as often as it is told to", async () => {
    await using simulator = await Simulator.start();
    const server = await serve(options(simulator));
    const ann = await simulator.user("ann");
    await ann.sendText("hi");
    assert.equal((await ann.nextMessage()).text, "hello 1");
    await simulator.confirmed();
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
    await ann.nextMessage();
    await server.idle();
    hangs = true;
    await server.stop();
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
