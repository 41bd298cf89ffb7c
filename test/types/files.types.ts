/** Types of files: uploads, wherever the Bot API takes a file, and the forms of a download. */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { InputFile, MethodEvent, OutgoingType, Send } from "asgigram";
import type { SnakeCase } from "../../src/protocol/events.ts";
import type { METHODS } from "../../src/protocol/method-table.ts";
import { type Equal, expectType, type Is } from "./expect.ts";

declare const send: Send;
declare const bytes: Uint8Array;
declare const blob: Blob;

// ---- uploads ----

export async function accepted(): Promise<void> {
  await send({ type: "telegram.send_photo", photo: bytes });
  await send({ type: "telegram.send_photo", photo: Buffer.from("x"), caption: "x" });
  await send({ type: "telegram.send_photo", photo: new ArrayBuffer(1) });
  await send({ type: "telegram.send_photo", photo: new SharedArrayBuffer(1) });
  await send({ type: "telegram.send_photo", photo: blob });
  await send({ type: "telegram.send_photo", photo: new File(["x"], "x.png") });
  await send({ type: "telegram.send_photo", photo: new URL("file:///x.png") });
  await send({ type: "telegram.send_photo", photo: "file_id" });
  await send({ type: "telegram.send_document", document: { path: "a.pdf" } });
  await send({
    type: "telegram.send_document",
    document: { bytes, filename: "a.pdf", content_type: "application/pdf" },
  });
  await send({ type: "telegram.send_document", document: { stream: blob.stream(), filename: "a.pdf" } });
  await send({ type: "telegram.send_document", document: createReadStream("a.pdf") });
  await send({ type: "telegram.send_document", document: Readable.from([bytes]) });
  await send({ type: "telegram.send_document", document: { stream: chunks() }, thumbnail: { path: "a.jpg" } });
  const media = [{ type: "document" as const, media: { path: "a.pdf" }, thumbnail: bytes }];
  await send({ type: "telegram.send_media_group", media });
  await send({ type: "telegram.edit_message_media", message_id: 1, media: { type: "photo", media: blob } });
  await send({ type: "telegram.set_my_profile_photo", photo: { type: "static", photo: blob } });
  await send({ type: "telegram.set_webhook", url: "https://example.com", certificate: { path: "cert.pem" } });
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export async function refused(): Promise<void> {
  // @ts-expect-error a number is no file
  await send({ type: "telegram.send_photo", photo: 1 });
  // @ts-expect-error a misspelt key
  await send({ type: "telegram.send_photo", photo: { path: "a.png", file_name: "b.png" } });
  // @ts-expect-error text is no bytes
  await send({ type: "telegram.send_document", document: { bytes: "text" } });
  // @ts-expect-error a stream of text
  await send({ type: "telegram.send_document", document: { stream: new ReadableStream<string>() } });
  // @ts-expect-error a certificate cannot be a file_id
  await send({ type: "telegram.set_webhook", url: "https://example.com", certificate: "file_id" });
  // @ts-expect-error a message takes no file
  await send({ type: "telegram.send_message", text: bytes });
}

// ---- the methods that take files, by the types and by the table ----

/** True if a file can be anywhere in the type, up to six levels deep. */
type Holds<T, Depth extends 1[] = []> = Depth["length"] extends 6
  ? never
  : T extends InputFile
    ? true
    : T extends readonly (infer Item)[]
      ? Holds<Item, [...Depth, 1]>
      : T extends object
        ? { [K in keyof T]: Holds<T[K], [...Depth, 1]> }[keyof T]
        : never;
type Uploading = { [T in OutgoingType]: true extends Holds<MethodEvent<T>> ? T : never }[OutgoingType];
type ByTable = {
  [M in keyof typeof METHODS]: (typeof METHODS)[M] extends { uploads: true } ? `telegram.${SnakeCase<M>}` : never;
}[keyof typeof METHODS];
// The Bot API allows no upload of new files in a draft, but the table goes by the parameter: Telegram refuses such a call.
true satisfies Is<Equal<Uploading, Exclude<ByTable, "telegram.send_rich_message_draft">>>;

// ---- downloads ----

export async function downloads(as: "bytes" | "stream"): Promise<void> {
  const plain = await send({ type: "telegram.download_file", file_id: "x" });
  true satisfies Is<Equal<typeof plain, Uint8Array<ArrayBuffer>>>;
  expectType<Uint8Array>(await send({ type: "telegram.download_file", file_id: "x", as: "bytes" }));
  expectType<ReadableStream<Uint8Array>>(await send({ type: "telegram.download_file", file_path: "x", as: "stream" }));
  expectType<string>(await send({ type: "telegram.download_file", file_id: "x", as: "path" }));
  expectType<string>(await send({ type: "telegram.download_file", file_id: "x", as: "path", to: "x.png" }));
  expectType<Uint8Array | ReadableStream<Uint8Array>>(await send({ type: "telegram.download_file", file_id: "x", as }));
  // @ts-expect-error it is a stream
  expectType<Uint8Array>(await send({ type: "telegram.download_file", file_id: "x", as: "stream" }));
  // @ts-expect-error the file is missing
  await send({ type: "telegram.download_file" });
  // @ts-expect-error the file is named twice
  await send({ type: "telegram.download_file", file_id: "x", file_path: "x" });
  // @ts-expect-error no such form
  await send({ type: "telegram.download_file", file_id: "x", as: "text" });
  // @ts-expect-error `to` is for paths only
  await send({ type: "telegram.download_file", file_id: "x", as: "bytes", to: "x.png" });
  // @ts-expect-error not a key of other events
  await send({ type: "telegram.send_message", text: "x", as: "bytes" });
}

/** A send as middleware wraps it. */
export const wrapped: Send = (event) => send(event);
