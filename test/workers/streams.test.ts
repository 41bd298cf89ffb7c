import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { ByteReceiver, sendBytes } from "../../src/protocol/byte-channel.ts";
import { FileError } from "../../src/protocol/errors.ts";
import { Streams } from "../../workers/streams.ts";

const read = async (receiver: ByteReceiver) => {
  const bytes: number[] = [];
  for (let chunk = await receiver.next(); chunk !== undefined; chunk = await receiver.next()) bytes.push(...chunk);
  return bytes;
};

suite("an upload", () => {
  const streams: [what: string, stream: () => ReadableStream | AsyncIterable<unknown>][] = [
    ["a web stream", () => new Blob([new Uint8Array([1, 2])]).stream()],
    ["a Readable", () => Readable.from([new Uint8Array([1]), new Uint8Array([2])])],
    ["a Readable of bytes", () => Readable.from([Buffer.from([1]), Buffer.from([2])], { objectMode: false })],
    [
      "a generator",
      async function* () {
        yield new Uint8Array([1]);
        yield new Uint8Array([2]);
      },
    ],
  ];
  for (const [what, stream] of streams) {
    test(`an upload may be ${what}`, async () => {
      assert.deepEqual(await read(new ByteReceiver(new Streams().up(stream()))), [1, 2]);
    });
  }

  test("an upload that gives text is refused", async () => {
    const text = new ReadableStream({
      start: (controller) => {
        controller.enqueue("text");
        controller.close();
      },
    });
    for (const stream of [text, Readable.from(["text"])]) {
      await assert.rejects(read(new ByteReceiver(new Streams().up(stream))), /gave a string where bytes/);
    }
  });

  test("an upload is cancelled when its instance ends", async () => {
    const cancelled = Promise.withResolvers<void>();
    const streams = new Streams();
    const port = streams.up(new ReadableStream({ cancel: () => cancelled.resolve() }));
    const next = assert.rejects(new ByteReceiver(port).next(), /broke off/);
    await turn();
    streams.close();
    await Promise.all([next, cancelled.promise]);
  });
});

suite("a download", () => {
  const down = (chunks: Iterable<unknown> | AsyncIterable<unknown>) => {
    const { port1, port2 } = new MessageChannel();
    const source = Readable.from(chunks);
    void sendBytes(port1, source, (error) => (error as Error).message);
    const streams = new Streams();
    return { stream: streams.down(port2), streams, source };
  };

  test("a download can be read to its end", async () => {
    const bytes: number[] = [];
    for await (const chunk of down([new Uint8Array([1, 2]), new Uint8Array([3])]).stream) bytes.push(...chunk);
    assert.deepEqual(bytes, [1, 2, 3]);
  });

  test("a download fails with a FileError", async () => {
    const { stream } = down(
      (async function* () {
        yield new Uint8Array(1);
        throw new Error("ECONNRESET");
      })(),
    );
    const reader = stream.getReader();
    await reader.read();
    await assert.rejects(reader.read(), (error) => error instanceof FileError && /ECONNRESET/.test(error.message));
  });

  test("a download ends its source when the application stops reading", async () => {
    const { stream, source } = down(Array.from({ length: 100 }, () => new Uint8Array(1024 * 1024)));
    for await (const _ of stream) break;
    if (!source.destroyed) await once(source, "close");
  });

  test("a download ends its source when the instance ends, or has ended already", async () => {
    const { stream, streams, source } = down([new Uint8Array(1)]);
    streams.close();
    await assert.rejects(stream.getReader().read(), /broke off/);
    if (!source.destroyed) await once(source, "close");
    const { port1, port2 } = new MessageChannel();
    const closed = once(port1, "close");
    streams.down(port2);
    await closed;
  });
});
