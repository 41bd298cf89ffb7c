import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { suite, test } from "node:test";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { fileIn } from "../../workers/input-file.ts";

suite("objects that are no file", () => {
  const others: object[] = [
    {},
    { text: "x" },
    { path: undefined, bytes: undefined },
    Object.create(null),
    new Map(),
    new Date(),
    () => {},
    new URL("https://example.com/cat.png"),
  ];
  for (const value of others)
    test(`${Object.prototype.toString.call(value)} is no file`, () => assert.equal(fileIn(value, "at"), undefined));
});

test("a path becomes absolute, and its last part is the file's name", () => {
  const { content, filename } = fileIn({ path: "some/cat.png" }, "photo")!;
  assert.deepEqual(content, { path: `${process.cwd()}/some/cat.png` });
  assert.equal(filename, "cat.png");
});

test("a file may have no prototype, or an async iterator of its own", () => {
  assert.ok(fileIn(Object.assign(Object.create(null), { path: "x" }), "at"));
  assert.ok(fileIn({ async *[Symbol.asyncIterator]() {} }, "at"));
});

test("a stream of a file has the name of that file", async () => {
  const stream = createReadStream(import.meta.filename);
  assert.equal(fileIn(stream, "at")?.filename, "input-file.test.ts");
  stream.destroy();
});

suite("files that cannot be sent", () => {
  const locked = new ReadableStream();
  locked.getReader();
  const destroyed = Readable.from([]);
  destroyed.destroy();
  const detached = new Uint8Array(1);
  detached.buffer.transfer();
  const refusals: [what: string, value: object, message: RegExp][] = [
    ["an unknown key", { path: "x", name: "y" }, /^"at" has the unknown key "name"; a file has "path", and may have/],
    ["two contents", { path: "x", bytes: new Uint8Array(1) }, /unknown key "bytes"/],
    ["a path that is a number", { path: 5 }, /^"at\.path" is a number, not a path or a file: URL$/],
    ["an empty path", { path: "" }, /has the path "", which names no file/],
    ["a path with a NUL in it", { path: "a\0b" }, /which names no file/],
    ["bytes that are text", { bytes: "text" }, /^"at\.bytes" is the string "text", not a Uint8Array/],
    ["bytes that are a stream", { bytes: new ReadableStream() }, /^"at\.bytes" is a ReadableStream/],
    ["a stream that is bytes", { stream: new Uint8Array(1) }, /^"at\.stream" is a Uint8Array, not a stream/],
    ["a stream that is a path", { stream: "x" }, /^"at\.stream" is the string "x"/],
    ["an empty name", { path: "x", filename: "" }, /^"at\.filename" is the string "", not a name/],
    ["a name that is a number", { path: "x", filename: 5 }, /^"at\.filename" is a number/],
    ["a type that would break a header", { path: "x", content_type: "a\r\nb: c" }, /^"at\.content_type" is the string/],
    ["a URL that names no file", new URL("file://elsewhere/x"), /names no file/],
    ["a stream with a reader", locked, /is a stream that has been read already/],
    ["a destroyed stream", destroyed, /is a stream that has been read already/],
    ["detached bytes", detached, /has been sent before, so its buffer is empty; .* pass a Blob/],
    ["detached bytes with a name", { bytes: detached, filename: "x" }, /has been sent before/],
  ];
  for (const [what, value, message] of refusals) {
    test(`${what} is refused by name`, () =>
      assert.throws(
        () => fileIn(value, "at"),
        (error: Error) => {
          assert.ok(error instanceof InvalidEventError);
          assert.match(error.message, message);
          return true;
        },
      ));
  }
});
