/** Uploads what it is told to, and tells how it went. */

import type { Application, NetworkError } from "asgigram";

const CHUNK = 256 * 1024;

/** So many megabytes; what has been read of them can be seen. */
async function* megabytes(count: number, onEnd = () => {}): AsyncGenerator<Uint8Array> {
  try {
    for (let i = 0; i < count * 4; i++) yield new Uint8Array(CHUNK).fill(i);
  } finally {
    onEnd();
  }
}

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
        void upload(megabytes(Number.POSITIVE_INFINITY));
        void upload(megabytes(1));
        await new Promise((resolve) => setTimeout(resolve, 300));
        process.exit(1);
        break;
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
      case "return":
        void upload(megabytes(Number.POSITIVE_INFINITY, () => console.log("the stream was ended")));
        void upload(megabytes(1));
        await new Promise((resolve) => setTimeout(resolve, 300));
        return;
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
