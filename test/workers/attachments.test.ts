import assert from "node:assert/strict";
import { test } from "node:test";
import { Attachments } from "../../workers/attachments.ts";
import { Streams } from "../../workers/streams.ts";

test("an event without files has no uploads", () => {
  const attachments = new Attachments();
  assert.equal(attachments.standIn({ text: "x" }, "at"), undefined);
  assert.equal(attachments.first, undefined);
  assert.deepEqual(attachments.take(new Streams()), []);
});

test("every file has a name of its own that cannot be guessed; a file that is there twice has one name", () => {
  const attachments = new Attachments();
  const blob = new Blob(["x"]);
  const names = [blob, new Blob(["x"]), blob].map((file, at) => attachments.standIn(file, `media[${at}]`));
  assert.match(names[0]!, /^attach:\/\/file-[0-9a-f]{8}-\d+$/);
  assert.deepEqual([names[0] === names[1], names[0] === names[2]], [false, true]);
  assert.equal(attachments.first, "media[0]");
  assert.equal(attachments.take(new Streams()).length, 2);
});

test("bytes are not moved before take()", () => {
  const attachments = new Attachments();
  const bytes = new Uint8Array(3);
  attachments.standIn(bytes, "photo");
  assert.equal(bytes.length, 3);
  const file = attachments.take(new Streams())[0]!;
  assert.equal(bytes.length, 0);
  assert.ok("bytes" in file.source && file.source.bytes.length === 3);
  assert.equal(file.key, "photo");
});
