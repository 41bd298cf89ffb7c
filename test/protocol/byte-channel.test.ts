import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import fc from "fast-check";
import { ByteReceiver, sendBytes } from "../../src/protocol/byte-channel.ts";

const MEGABYTE = 1024 * 1024;

function channel(source: Iterable<unknown> | AsyncIterable<unknown>) {
  const { port1, port2 } = new MessageChannel();
  const readable = Readable.from(source, { objectMode: true, highWaterMark: 1 });
  const sent = sendBytes(port1, readable, (error) => `sender: ${(error as Error).message}`);
  return { receiver: new ByteReceiver(port2), readable, sent };
}

async function all(receiver: ByteReceiver): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let bytes = await receiver.next(); bytes !== undefined; bytes = await receiver.next()) chunks.push(bytes);
  return Buffer.concat(chunks);
}

test("all bytes of the source arrive in order, then the end, also when next() is called again", async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 2000 }));
  await fc.assert(
    fc.asyncProperty(chunks, async (chunks) => {
      const expected = Buffer.concat(chunks);
      const { receiver, sent } = channel(chunks);
      assert.deepEqual(await all(receiver), expected);
      assert.equal(await receiver.next(), undefined);
      await sent;
    }),
    { numRuns: 50 },
  );
});

test("chunks (views and ArrayBuffers) are transferred, not copied", async () => {
  const chunks = [new Uint8Array([1, 2]), new Uint8Array([3]).buffer];
  const { receiver } = channel(chunks);
  assert.deepEqual([...(await all(receiver))], [1, 2, 3]);
  assert.deepEqual(
    chunks.map(({ byteLength }) => byteLength),
    [0, 0],
  );
});

test("a chunk that the source gives twice is refused: its buffer is empty", async () => {
  for (const chunk of [new Uint8Array([1, 2]), new Uint8Array([1, 2]).buffer]) {
    const { receiver } = channel([chunk, chunk]);
    await assert.rejects(all(receiver), /sender: the stream gave the same bytes twice/);
  }
});

suite("backpressure", () => {
  test("the source is not read before the receiver asks", async () => {
    let isRead = false;
    const { receiver, readable } = channel(
      (async function* () {
        isRead = true;
        yield new Uint8Array(1);
      })(),
    );
    await turn();
    await turn();
    assert.equal(isRead, false);
    assert.equal((await receiver.next())?.length, 1);
    readable.destroy();
  });

  test("at most a window and a chunk are read ahead, and a much longer stream arrives whole", async () => {
    let read = 0;
    let most = 0;
    let taken = 0;
    const source = async function* () {
      for (; read < 200 * MEGABYTE; read += MEGABYTE / 4) yield new Uint8Array(MEGABYTE / 4);
    };
    const { receiver } = channel(source());
    for (let bytes = await receiver.next(); bytes !== undefined; bytes = await receiver.next()) {
      taken += bytes.length;
      most = Math.max(most, read - taken);
      if (taken % (16 * MEGABYTE) === 0) for (let i = 0; i < 5; i++) await turn();
    }
    assert.equal(taken, 200 * MEGABYTE);
    assert.ok(most <= 3 * MEGABYTE, `${most} bytes in transit`);
  });
});

suite("failures", () => {
  test("a failure of the source arrives after its bytes, as the sender words it", async () => {
    const { receiver, sent } = channel(
      (async function* () {
        yield new Uint8Array([1]);
        throw new Error("the disk is on fire");
      })(),
    );
    assert.deepEqual([...(await receiver.next())!], [1]);
    await assert.rejects(receiver.next(), { message: "sender: the disk is on fire" });
    await assert.rejects(receiver.next(), { message: "sender: the disk is on fire" });
    await sent;
  });

  test("a source that gives no bytes fails", async () => {
    for (const chunk of ["text", 5, {}]) {
      const { receiver } = channel([chunk]);
      await assert.rejects(receiver.next(), /the stream gave a \w+ where bytes \(a Uint8Array\) were expected/);
    }
  });

  test("a source that failed before it was read fails", async () => {
    const { port1, port2 } = new MessageChannel();
    const source = Readable.from([new Uint8Array(1)]);
    const sent = sendBytes(port1, source, String);
    source.destroy(new Error("too early"));
    await assert.rejects(new ByteReceiver(port2).next(), /too early/);
    await sent;
  });

  test("the death of the sender's thread is a failure", async () => {
    const worker = new Worker(
      `const { parentPort, MessageChannel } = require("node:worker_threads");
       const { port1, port2 } = new MessageChannel();
       port1.once("message", () => { port1.postMessage(new Uint8Array(3)); setImmediate(() => process.exit(1)); });
       parentPort.postMessage(port2, [port2]);`,
      { eval: true },
    );
    const [port] = await once(worker, "message");
    const receiver = new ByteReceiver(port);
    assert.equal((await receiver.next())?.length, 3);
    await assert.rejects(receiver.next(), /broke off/);
  });
});

suite("a receiver that closes", () => {
  test("close() ends a source that is working on a chunk", async () => {
    const ended = Promise.withResolvers<void>();
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          ended.resolve();
          return { done: true, value: undefined };
        },
      }),
    };
    const { receiver } = channel(source as never);
    const failed = assert.rejects(receiver.next(), /broke off/);
    await turn();
    receiver.close();
    await ended.promise;
    await failed;
  });

  test("close() ends a source that waits for credit, or has not begun", async () => {
    for (const chunksTaken of [0, 1]) {
      let isEnded = false;
      const source = async function* () {
        try {
          for (;;) yield new Uint8Array(2 * MEGABYTE);
        } finally {
          isEnded = true;
        }
      };
      const { receiver, readable, sent } = channel(source());
      for (let i = 0; i < chunksTaken; i++) await receiver.next();
      receiver.close();
      await sent;
      assert.ok(readable.destroyed);
      assert.equal(isEnded, chunksTaken > 0, "a generator that has not begun runs no finally block");
    }
  });
});
