import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { Pool } from "undici";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { Connections } from "../../src/telegram/connections.ts";
import { exchange } from "../../src/telegram/exchange.ts";
import { Listener } from "../network/listener.ts";

const REQUEST = { method: "POST", path: "/x", headers: {}, body: "{}" } as const;
/** Longer than a connection is used again: ms. */
const LONG = 5000;

interface Reached {
  url: string;
  pool: Pool;
  /** Of each request that the server has read, its connection. */
  connections: Socket[];
  /** Of each request that the server has read, its body. */
  bodies: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server in this process, a pool with one connection to it, and a clock that the test moves. */
async function reach(t: TestContext, answer: Answer = (_, response) => void response.end()): Promise<Reached> {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const connections: Socket[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    connections.push(request.socket);
    answer(request, response);
  });
  const listener = new Listener(server);
  await listener.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${listener.port}`;
  const pool = new Connections({ apiUrl: url }).pool(1, 10_000);
  t.after(async () => {
    await pool.destroy();
    await listener[Symbol.asyncDispose]();
  });
  return { url, pool, connections, bodies };
}

/**
 * The end of a stall: the test goes on in a turn of the event loop that has looked at timers and sockets already. What the
 * server does in it is not read by the client before the client writes.
 */
async function stall(t: TestContext): Promise<void> {
  await stat(".");
  t.mock.timers.tick(LONG);
}

test("a request after a stall is not lost on a connection that the server closed in it", async (t) => {
  const { pool, connections } = await reach(t);
  await exchange(pool, REQUEST);
  await stall(t);
  connections[0]!.destroy();
  assert.equal((await exchange(pool, REQUEST)).status, 200);
  assert.equal(connections.length, 2, "each request is read once");
  assert.notEqual(connections[1], connections[0]);
});

test("a connection is not used again after an answer that a stall delayed: the server has been idle for as long", async (t) => {
  const { pool, connections } = await reach(t, (_, response) => {
    t.mock.timers.tick(LONG);
    response.end();
  });
  await exchange(pool, REQUEST);
  await exchange(pool, REQUEST);
  assert.notEqual(connections[1], connections[0]);
});

async function* bytesOf(pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

test("an upload after a stall goes out whole", async (t) => {
  const { url, connections, bodies } = await reach(t, (_, response) => response.end('{"ok":true,"result":true}'));
  const api = new BotApi({ token: "123456:AAsecret-token_of_this_bot", apiUrl: url });
  t.after(() => api.close());
  const never = new AbortController().signal;
  const upload = (...pieces: string[]) => api.post("sendDocument", { headers: {}, body: bytesOf(pieces) }, never);
  await upload("one");
  await stall(t);
  connections[0]!.destroy();
  await upload("an", "other");
  assert.deepEqual(bodies, ["one", "another"]);
});

test("a connection is used again after a short time, and not after a long one, even if it is open", async (t) => {
  const { pool, connections } = await reach(t);
  for (const pause of [0, 1000, 1000, LONG]) {
    t.mock.timers.tick(pause);
    await exchange(pool, REQUEST);
  }
  assert.equal(new Set(connections.slice(0, 3)).size, 1);
  assert.notEqual(connections[3], connections[0]);
});

test("polls, which are repeated if they fail, use their connection again however long they last", async (t) => {
  const { url, connections } = await reach(t, (_, response) => {
    t.mock.timers.tick(LONG);
    response.end('{"ok":true,"result":[]}');
  });
  const api = new BotApi({ token: "123456:AAsecret-token_of_this_bot", apiUrl: url });
  t.after(() => api.close());
  const poll = { offset: 1, limit: 100, timeout: 50, allowed_updates: [] };
  for (let i = 0; i < 3; i++) await api.getUpdates(poll, new AbortController().signal);
  assert.equal(connections.length, 3);
  assert.equal(new Set(connections).size, 1);
});

test("a request that is given up after a stall is not written", async (t) => {
  const { pool, connections } = await reach(t);
  await exchange(pool, REQUEST);
  await stall(t);
  const reason = new Error("enough");
  const giving = new AbortController();
  const given = exchange(pool, REQUEST, giving.signal);
  giving.abort(reason);
  await assert.rejects(given, reason);
  await exchange(pool, REQUEST);
  assert.equal(connections.length, 2);
});
