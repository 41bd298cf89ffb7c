import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type TestContext, test } from "node:test";
import { Pool } from "undici";
import { exchange, LONGEST_ANSWER } from "../../src/telegram/exchange.ts";

const REQUEST = { method: "POST", path: "/x", headers: { "content-type": "application/json" }, body: "{}" } as const;

/** A pool with one connection to a server with that listener. */
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

test("an exchange resolves with the status and the whole text", async (t) => {
  const pool = await poolTo(t, async (request, response) => {
    assert.equal(request.method, "POST");
    assert.equal(Buffer.concat(await request.toArray()).toString(), "{}");
    response.writeHead(418).end("short and stout");
  });
  assert.deepEqual(await exchange(pool, REQUEST), { status: 418, retryAfter: Number.NaN, text: "short and stout" });
});

test("an exchange reads the header retry-after, and an answer without a body", async (t) => {
  const pool = await poolTo(t, (_, response) => response.writeHead(429, { "retry-after": "7" }).end());
  assert.deepEqual(await exchange(pool, REQUEST), { status: 429, retryAfter: 7, text: "" });
});

test("an answer is put together from pieces of any length", async (t) => {
  const text = "héllo 🙂 wörld, ".repeat(3);
  const bytes = Buffer.from(text);
  const pool = await poolTo(t, async (_, response) => {
    response.writeHead(200);
    for (const byte of bytes) {
      // One piece each: it has left before the next is written.
      await new Promise((sent) => response.write(Buffer.of(byte), sent));
    }
    response.end();
  });
  assert.equal((await exchange(pool, REQUEST)).text, text);
});

test("an answer of 200 MB is taken whole; a longer one is cut off, and the next exchange has a new connection", async (t) => {
  const megabyte = Buffer.alloc(2 ** 20, "x");
  const lengths = [200, 1000, 1];
  let sent = 0;
  const pool = await poolTo(t, async (_, response) => {
    sent = 0;
    const megabytes = Readable.from(
      (function* () {
        for (const length = lengths.shift()!; sent < length; sent++) yield megabyte;
      })(),
    );
    await pipeline(megabytes, response).catch(() => {});
  });
  assert.equal((await exchange(pool, REQUEST)).text.length, 200 * 2 ** 20);
  await assert.rejects(exchange(pool, REQUEST), { message: `the answer is longer than ${LONGEST_ANSWER} bytes` });
  assert.ok(sent < 500, `${sent} MB were sent`);
  assert.equal((await exchange(pool, REQUEST)).text.length, 2 ** 20);
});

test("an exchange rejects with the client's error if the answer breaks off", async (t) => {
  const pool = await poolTo(t, (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  await assert.rejects(exchange(pool, REQUEST), { code: "UND_ERR_SOCKET" });
});

test("an exchange rejects at once with the signal's reason: before, while waiting for a connection, and halfway", async (t) => {
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

test("an exchange leaves no listener on its signal", async (t) => {
  const pool = await poolTo(t, (_, response) => response.end());
  const { signal } = new AbortController();
  const remove = t.mock.method(signal, "removeEventListener");
  await exchange(pool, REQUEST, signal);
  assert.equal(remove.mock.callCount(), 1);
});
