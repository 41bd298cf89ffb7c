import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Pool } from "undici";
import { exchange } from "../../src/telegram/exchange.ts";

const REQUEST = { method: "POST", path: "/x", headers: { "content-type": "application/json" }, body: "{}" } as const;

/** A pool with one connection to a server that answers as it is told. */
async function poolTo(t: TestContext, answer: RequestListener): Promise<Pool> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 });
  t.after(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  return pool;
}

test("resolves with the status and the whole text", async (t) => {
  const pool = await poolTo(t, async (request, response) => {
    assert.equal(request.method, "POST");
    assert.equal(Buffer.concat(await request.toArray()).toString(), "{}");
    response.writeHead(418).end("short and stout");
  });
  assert.deepEqual(await exchange(pool, REQUEST), { status: 418, retryAfter: Number.NaN, text: "short and stout" });
});

test("reads the header retry-after, and an answer without a body", async (t) => {
  const pool = await poolTo(t, (_, response) => response.writeHead(429, { "retry-after": "7" }).end());
  assert.deepEqual(await exchange(pool, REQUEST), { status: 429, retryAfter: 7, text: "" });
});

test("puts pieces together, wherever they were cut", async (t) => {
  const text = "héllo 🙂 wörld, ".repeat(3);
  const bytes = Buffer.from(text);
  const pool = await poolTo(t, async (_, response) => {
    response.writeHead(200);
    for (const byte of bytes) {
      // A piece by itself: each is on its way before the next is written.
      await new Promise((sent) => response.write(Buffer.of(byte), sent));
    }
    response.end();
  });
  assert.equal((await exchange(pool, REQUEST)).text, text);
});

test("rejects with the client's error if the answer breaks off", async (t) => {
  const pool = await poolTo(t, (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  await assert.rejects(exchange(pool, REQUEST), { code: "UND_ERR_SOCKET" });
});

test("rejects at once with the signal's reason, before, while it waits for a connection, and in the midst", async (t) => {
  const reason = new Error("enough");
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const pool = await poolTo(t, (_, response) => {
    response.on("close", gone.resolve);
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => asked.resolve());
  });
  await assert.rejects(exchange(pool, REQUEST, AbortSignal.abort(reason)), reason);
  const underWay = new AbortController();
  const waiting = new AbortController();
  const first = exchange(pool, REQUEST, underWay.signal);
  await asked.promise;
  const second = exchange(pool, REQUEST, waiting.signal);
  waiting.abort(reason);
  await assert.rejects(second, reason);
  underWay.abort(reason);
  await assert.rejects(first, reason);
  await gone.promise;
});

test("leaves nothing behind on the signal", async (t) => {
  const pool = await poolTo(t, (_, response) => response.end());
  const { signal } = new AbortController();
  const remove = t.mock.method(signal, "removeEventListener");
  await exchange(pool, REQUEST, signal);
  assert.equal(remove.mock.callCount(), 1);
});
