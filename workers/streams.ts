/** The open streams of an instance, uploads and downloads. They end with the instance at the latest. */

import { Readable } from "node:stream";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { ByteReceiver, sendBytes } from "../src/protocol/byte-channel.ts";
import { FileError } from "../src/protocol/errors.ts";
import { DOWNLOAD } from "../src/protocol/method-names.ts";
import { textOfThrown } from "./thrown.ts";

export class Streams {
  readonly #open = new Set<MessagePort>();
  #isClosed = false;

  /** @returns a port from which the main thread reads the application's stream */
  up(stream: ReadableStream | AsyncIterable<unknown>): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#keep(port1);
    void sendBytes(port1, readableOf(stream), (error) => `the stream failed: ${textOfThrown(error)}`);
    return port2;
  }

  /** @returns a stream of the bytes that the main thread sends */
  down(port: MessagePort): ReadableStream<Uint8Array<ArrayBuffer>> {
    const receiver = new ByteReceiver(port);
    this.#keep(port);
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          const bytes = await receiver.next().catch(({ message }) => {
            throw new FileError(DOWNLOAD, "file_id", message);
          });
          if (bytes === undefined) controller.close();
          else controller.enqueue(bytes);
        },
        cancel: () => receiver.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Ends all streams, present and future: the application has ended. */
  close(): void {
    this.#isClosed = true;
    for (const port of this.#open) port.close();
  }

  #keep(port: MessagePort): void {
    if (this.#isClosed) return port.close();
    this.#open.add(port);
    port.on("close", () => this.#open.delete(port));
  }
}

/** A Readable in object mode: it gives each chunk as it is, so that a chunk that is no bytes is found. */
function readableOf(stream: ReadableStream | AsyncIterable<unknown>): Readable {
  if (stream instanceof Readable) return stream;
  const options = { objectMode: true, highWaterMark: 1 };
  return stream instanceof ReadableStream
    ? Readable.fromWeb(stream as WebStream, options)
    : Readable.from(stream, options);
}

type WebStream = Parameters<typeof Readable.fromWeb>[0];
