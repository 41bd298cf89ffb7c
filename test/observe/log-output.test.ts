import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { LogOutput } from "../../src/observe/log-output.ts";

/** A stream whose reader takes one chunk when it is told to, and the output in front of it. */
function outputTo({ limit }: { limit: number }) {
  const read: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write: (text: string, _, done) => {
      waiting.push(() => {
        read.push(text);
        done();
      });
    },
  });
  const output = new LogOutput(stream, (lines) => output.write(`${lines} dropped\n`), limit);
  const readNext = async () => {
    waiting.shift()!();
    await new Promise(setImmediate);
  };
  return { output, read, stream, readNext };
}

test("lines that a reader does not take wait, up to the limit; the others are counted where they are missing", async () => {
  const { output, read, readNext } = outputTo({ limit: 6 });
  for (const line of ["a\n", "b\n", "c\n", "d\n", "e\n"]) output.write(line);
  await readNext();
  // There is room again, and yet the gap is told first.
  output.write("f\n");
  for (const _ of [1, 2, 3]) await readNext();
  output.write("g\n");
  await readNext();
  assert.deepEqual(read, ["a\n", "b\n", "c\n", "3 dropped\n", "g\n"]);
});

test("each gap is counted anew", async () => {
  const { output, read, readNext } = outputTo({ limit: 2 });
  for (const gap of [1, 2]) {
    for (let line = 0; line <= gap; line++) output.write("a\n");
    await readNext();
    await readNext();
  }
  assert.deepEqual(read, ["a\n", "1 dropped\n", "a\n", "2 dropped\n"]);
});

test("a line that is longer than the limit is written if none waits", async () => {
  const { output, read, readNext } = outputTo({ limit: 2 });
  output.write("a long line\n");
  await readNext();
  assert.deepEqual(read, ["a long line\n"]);
});

test("a million lines that nothing reads leave no more than the limit in memory", () => {
  const { output, stream } = outputTo({ limit: 1000 });
  for (let i = 0; i < 1_000_000; i++) output.write("a line\n");
  assert.ok(stream.writableLength < 1010);
});
