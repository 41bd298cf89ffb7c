/**
 * A bot that sends every file back compressed, with the hash of the original. Download, hash, compression and upload
 * run as one stream, so only a small part of the file is in memory at a time.
 */
import { createHash } from "node:crypto";
import type { Application } from "asgigram";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.document === undefined) {
      await send({ type: "telegram.send_message", text: "Send me a file." });
      continue;
    }
    const { file_id, file_name = "file" } = event.document;
    const hash = createHash("sha256");
    const file = await send({ type: "telegram.download_file", file_id, as: "stream" });
    const stream = file.pipeThrough(hashing(hash)).pipeThrough(new CompressionStream("gzip"));
    await send({ type: "telegram.send_document", document: { stream, filename: `${file_name}.gz` } });
    await send({ type: "telegram.send_message", text: `SHA-256 of ${file_name}: ${hash.digest("hex")}` });
  }
};

/** Passes all bytes through and updates the hash with them. */
function hashing(hash: {
  update(bytes: Uint8Array): void;
}): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(bytes, controller) {
      hash.update(bytes);
      controller.enqueue(bytes);
    },
  });
}
