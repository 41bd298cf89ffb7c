import assert from "node:assert/strict";
import { Console } from "node:console";
import { type TestContext, test } from "node:test";
import { captureOutput } from "../../workers/output.ts";

/** What is captured while the test runs. The streams are the test runner's own: it gets them back at the end. */
function capture(t: TestContext) {
  const { write: out } = process.stdout;
  const { write: err } = process.stderr;
  const taken: [stream: string, text: string][] = [];
  const finish = captureOutput((stream, text) => taken.push([stream, text]));
  const restore = () => {
    process.stdout.write = out;
    process.stderr.write = err;
  };
  t.after(restore);
  return { taken, finish, restore };
}

test("whole lines are taken, from either stream", (t) => {
  const { taken, restore } = capture(t);
  process.stdout.write("one\n");
  process.stderr.write("two\n");
  restore();
  assert.deepEqual(taken, [
    ["stdout", "one"],
    ["stderr", "two"],
  ]);
});

test("one write is one piece, however many lines it has", (t) => {
  const { taken, restore } = capture(t);
  process.stdout.write("{\n  a: 1\n}\n");
  process.stdout.write("\n");
  restore();
  assert.deepEqual(taken, [
    ["stdout", "{\n  a: 1\n}"],
    ["stdout", ""],
  ]);
});

test("a line written in parts is taken when it is whole", (t) => {
  const { taken, restore } = capture(t);
  process.stdout.write("wait");
  process.stdout.write("ing");
  process.stderr.write("meanwhile\n");
  process.stdout.write("... done\nne");
  process.stdout.write("xt\n");
  restore();
  assert.deepEqual(taken, [
    ["stderr", "meanwhile"],
    ["stdout", "waiting... done"],
    ["stdout", "next"],
  ]);
});

test("bytes are text, also where a character is cut in two", (t) => {
  const { taken, restore } = capture(t);
  const bytes = Buffer.from("grüß 👋\n");
  for (const byte of bytes) process.stdout.write(Uint8Array.of(byte));
  restore();
  assert.deepEqual(taken, [["stdout", "grüß 👋"]]);
});

test("a line without an end is handed over when nothing more will come, once", (t) => {
  const { taken, finish, restore } = capture(t);
  process.stdout.write("Password: ");
  finish();
  finish();
  restore();
  assert.deepEqual(taken, [["stdout", "Password: "]]);
});

test("a console writes through it", (t) => {
  const { taken, restore } = capture(t);
  const console = new Console(process.stdout, process.stderr);
  console.log("a %s", "b", { c: 1 });
  console.error("x\ny");
  restore();
  assert.deepEqual(taken, [
    ["stdout", "a b { c: 1 }"],
    ["stderr", "x\ny"],
  ]);
});

test("a write is done, and says so to whoever waits for it", async (t) => {
  const { restore } = capture(t);
  const done: string[] = [];
  const more = process.stdout.write("x\n", () => done.push("second argument"));
  process.stdout.write("x\n", "utf8", () => done.push("third argument"));
  restore();
  assert.equal(more, true);
  assert.deepEqual(done, [], "not before write has returned");
  await Promise.resolve();
  assert.deepEqual(done, ["second argument", "third argument"]);
});
