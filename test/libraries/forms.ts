/** Forms with files, as grammY's tests build them: their boundary is random, so they are read instead of compared with a snapshot. */

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ReadyFile } from "../../workers/input-file.ts";
import { readParameters } from "../../workers/program/parameters.ts";
import { Spool } from "../../workers/program/spool.ts";

export interface Form {
  readonly headers: { readonly "content-type": string };
  readonly body: string;
}

/** Checks that asgigram reads the form of the tests: one of the chat 42, with the bytes `abc` as `my-file`. */
export async function sameForm({ headers, body }: Form): Promise<void> {
  const spool = new Spool();
  const parts = { url: "/sendDocument", type: headers["content-type"], body: Readable.from([Buffer.from(body)]) };
  const parameters = await readParameters(parts, spool);
  assert.equal(parameters.chat_id, "42");
  const document = parameters[String(parameters.document).replace("attach://", "")];
  assert.ok(document instanceof ReadyFile);
  assert.equal(document.given.filename, "my-file");
  assert.deepEqual(document.given.content, { bytes: Buffer.from("abc") });
  await spool.discard();
}
