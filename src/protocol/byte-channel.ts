/**
 * A stream of bytes from one thread to another, over a MessagePort of its own. The receiver grants credit in bytes, and
 * the sender reads its source only while it has credit. So at most one window of the stream is in transit, plus one
 * chunk.
 *
 *   sender:   waiting for credit -- granted --> reading, sending -- used up --> waiting for credit
 *             any -- the source ends or fails --> sends that, closes
 *             any -- the port closes: the receiver has stopped, or its thread has died --> the source is destroyed
 *   receiver: receiving -- the end or a failure arrives --> closes
 *             receiving -- the port closes before that: the sender's thread or instance has ended --> fails
 */

import type { Readable } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import { isDetached, transferableBytes } from "./transferable-bytes.ts";

/** The first credit that a receiver grants: bytes. */
const WINDOW = 1024 * 1024;

type ChannelMessage = Uint8Array<ArrayBuffer> | { end: true } | { failure: string };

/**
 * Sends the source's chunks as the receiver grants credit. Chunks are transferred without a copy where possible.
 * @param reasonOf turns an error of the source into the message for the other thread
 */
export async function sendBytes(
  port: MessagePort,
  source: Readable,
  reasonOf: (error: unknown) => string,
): Promise<void> {
  let credit = 0;
  let isOpen = true;
  let wake = () => {};
  const granted = async () => {
    while (credit <= 0 && isOpen) await new Promise<void>((resolve) => (wake = resolve));
  };
  port.on("message", (bytes: number) => {
    credit += bytes;
    wake();
  });
  port.on("close", () => {
    isOpen = false;
    source.destroy();
    wake();
  });
  const send = (message: ChannelMessage) =>
    port.postMessage(message, message instanceof Uint8Array ? [message.buffer] : []);
  // A source that fails before it is read must not end the thread.
  source.on("error", () => {});
  await granted();
  try {
    for await (const chunk of source) {
      const bytes = bytesIn(chunk);
      credit -= bytes.byteLength;
      send(bytes);
      await granted();
    }
    send({ end: true });
  } catch (error) {
    send({ failure: reasonOf(error) });
  }
  port.close();
}

function bytesIn(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (chunk instanceof ArrayBuffer || ArrayBuffer.isView(chunk)) {
    const view = chunk instanceof ArrayBuffer ? { buffer: chunk, byteOffset: 0, byteLength: chunk.byteLength } : chunk;
    if (isDetached(view)) throw new TypeError("the stream gave the same bytes twice; each chunk must be a new array");
    return transferableBytes(view);
  }
  throw new TypeError(`the stream gave a ${typeof chunk} where bytes (a Uint8Array) were expected`);
}

export class ByteReceiver {
  readonly #port: MessagePort;
  readonly #arrived: ChannelMessage[] = [];
  #wake = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (message: ChannelMessage) => this.#arrive(message));
    port.on("close", () => this.#arrive({ failure: "it broke off" }));
  }

  /**
   * The next bytes; undefined at the end. The first call lets the sender begin.
   * @throws the failure of the sender's source
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#grantFirst();
    while (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const message = this.#arrived[0]!;
    if (message instanceof Uint8Array) {
      this.#arrived.shift();
      this.#port.postMessage(message.byteLength);
      return message;
    }
    // The end or failure stays in the list, so that a later call gets it again.
    this.close();
    if ("failure" in message) throw new Error(message.failure);
    return undefined;
  }

  /** Stops the sender; its source is destroyed. */
  close(): void {
    this.#port.close();
  }

  #grantFirst = (): void => {
    this.#port.postMessage(WINDOW);
    this.#grantFirst = () => {};
  };

  #arrive(message: ChannelMessage): void {
    this.#arrived.push(message);
    this.#wake();
  }
}
