import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { Attachments } from "../../workers/attachments.ts";
import { Streams } from "../../workers/streams.ts";
import { Folder } from "../folder.ts";

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

describe("the fingerprint of a file", () => {
  const printsOf = (...files: object[]) => {
    const attachments = new Attachments();
    for (const [i, file] of files.entries()) attachments.standIn(file, `media[${i}]`);
    const streams = new Streams();
    const uploads = attachments.take(streams);
    streams.close();
    return uploads.map(({ fingerprint }) => fingerprint);
  };

  test("bytes have one by their content, also where two files are parts of one buffer", () => {
    const { buffer } = Uint8Array.of(1, 2, 1, 2, 3);
    const [one, other, third] = printsOf(
      new Uint8Array(buffer, 0, 2),
      new Uint8Array(buffer, 2, 2),
      new Uint8Array(buffer),
    );
    assert.match(one!, /^sha256-/);
    assert.equal(one, other);
    assert.notEqual(one, third);
    assert.deepEqual(printsOf({ bytes: Uint8Array.of(1, 2), filename: "a name" }), [one]);
  });

  test("a path has one by the file's size and time", () => {
    using folder = new Folder();
    const path = folder.write("a.txt", "abc");
    utimesSync(path, 1000, 1000);
    const [before] = printsOf({ path });
    assert.deepEqual(printsOf({ path }), [before]);
    utimesSync(path, 1000, 1001);
    const [touched] = printsOf({ path });
    assert.notEqual(touched, before);
    folder.write("a.txt", "abcd");
    utimesSync(path, 1000, 1001);
    assert.notEqual(printsOf({ path })[0], touched);
  });

  test("a stream, a Blob and a file that is missing have none", () => {
    using folder = new Folder();
    const files = [Readable.from(["x"]), new Blob(["x"]), { path: folder.join("missing") }];
    assert.deepEqual(printsOf(...files), [undefined, undefined, undefined]);
  });
});
