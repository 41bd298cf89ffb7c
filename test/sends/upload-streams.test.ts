import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { Upload, UploadStream } from "../../src/protocol/port.ts";
import { releaseFiles, watchStreams } from "../../src/sends/upload-streams.ts";
import { openSource } from "../../src/telegram/upload-source.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";

const uploadOf = (source: Upload["source"]): Upload => {
  return { name: "file-1", key: "document", filename: undefined, content_type: undefined, source };
};

test("a stream that ends before it is read is lost, and is not waited for", async () => {
  const { port1, port2 } = new MessageChannel();
  const source: UploadStream = { port: port2 };
  watchStreams([uploadOf({ path: "/a" }), uploadOf(source)]);
  port1.close();
  await once(port2, "close");
  assert.equal(source.isLost, true);
  const file = await openSource(source);
  assert.throws(() => file.read(), /the stream ended before it was read/);
});

test("a stream that will not be read is ended at its source", async () => {
  const { port1, port2 } = new MessageChannel();
  const ended = once(port1, "close");
  releaseFiles([uploadOf({ bytes: new Uint8Array(1) }), uploadOf({ port: port2 })]);
  await ended;
});

test("a temporary file is removed when its call is over; an application's own is not", async () => {
  using folder = new Folder();
  const [path, own] = [folder.write("temporary", "a"), folder.write("own", "b")];
  releaseFiles([uploadOf({ path: own }), uploadOf({ path, isTemporary: true })]);
  await eventually(
    () => !existsSync(path),
    () => `${path} is there`,
  );
  assert.equal(existsSync(own), true);
});
