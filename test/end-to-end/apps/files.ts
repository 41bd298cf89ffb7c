/** Uploads what the message says, and tells how it went. */

import type { Application, NetworkError } from "asgigram";

const CHUNK = 256 * 1024;

async function* megabytes(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count * 4; i++) yield new Uint8Array(CHUNK).fill(i);
}

/** A stream without an end. */
class Endless {
  readonly #underWay = Promise.withResolvers<void>();

  /** Resolves when more has been read than fits into all buffers on the way: then the Bot API is reading the upload. */
  get underWay(): Promise<void> {
    return this.#underWay.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; ; i++) {
        if (i === MORE_THAN_BUFFERED / CHUNK) this.#underWay.resolve();
        yield new Uint8Array(CHUNK);
      }
    } finally {
      console.log("the stream was ended");
    }
  }
}

const MORE_THAN_BUFFERED = 32 * 1024 * 1024;

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const [word, count] = (event.text ?? "").split(" ");
    const upload = (stream: AsyncIterable<Uint8Array>) =>
      send({ type: "telegram.send_document", document: { stream, filename: "big.bin" } });
    switch (word) {
      case "upload":
        await upload(megabytes(Number(count)));
        break;
      case "die":
      case "return": {
        const endless = new Endless();
        void upload(endless);
        void upload(megabytes(1));
        await endless.underWay;
        if (word === "die") process.exit(1);
        return;
      }
      case "unread": {
        const stream = new ReadableStream({ cancel: () => console.log("the stream was cancelled") });
        const media = [{ type: "document" as const, media: { path: "/no/such" }, thumbnail: { stream } }];
        const text = await send({ type: "telegram.send_media_group", media }).then(
          () => "it went well",
          ({ message }: Error) => message,
        );
        await send({ type: "telegram.send_message", text });
        continue;
      }
      case "fail": {
        const failing = async function* () {
          yield* megabytes(8);
          throw new Error("the source is dry");
        };
        const text = await upload(failing()).then(
          () => "it went well",
          ({ code, delivery, message }: NetworkError) => `${code} ${delivery}: ${message}`,
        );
        await send({ type: "telegram.send_message", text });
        continue;
      }
    }
    await send({ type: "telegram.send_message", text: `done: ${word}` });
  }
};
