import assert from "node:assert/strict";
import { Console } from "node:console";
import { type TestContext, test } from "node:test";
import { captureOutput } from "../../workers/output.ts";

/** Captures output while the test runs. The test runner needs the streams itself: restore() gives them back. */
function capture(t: TestContext) {
  const { write: out } = process.stdout;
  const { write: err } = process.stderr;
  const reported: [stream: string, text: string][] = [];
  const finish = captureOutput((stream, text) => reported.push([stream, text]));
  const restore = () => {
    process.stdout.write = out;
    process.stderr.write = err;
  };
  t.after(restore);
  return { reported, finish, restore };
}

test("whole lines of both streams are captured", (t) => {
  const { reported, restore } = capture(t);
  process.stdout.write("one\n");
  process.stderr.write("two\n");
  restore();
  assert.deepEqual(reported, [
    ["stdout", "one"],
    ["stderr", "two"],
  ]);
});

test("a write is one report, however many lines it has", (t) => {
  const { reported, restore } = capture(t);
  process.stdout.write("{\n  a: 1\n}\n");
  process.stdout.write("\n");
  restore();
  assert.deepEqual(reported, [
    ["stdout", "{\n  a: 1\n}"],
    ["stdout", ""],
  ]);
});

test("a line written in parts is reported when it is whole", (t) => {
  const { reported, restore } = capture(t);
  process.stdout.write("wait");
  process.stdout.write("ing");
  process.stderr.write("meanwhile\n");
  process.stdout.write("... done\nne");
  process.stdout.write("xt\n");
  restore();
  assert.deepEqual(reported, [
    ["stderr", "meanwhile"],
    ["stdout", "waiting... done"],
    ["stdout", "next"],
  ]);
});

test("bytes become text, also if a character is cut in two", (t) => {
  const { reported, restore } = capture(t);
  const bytes = Buffer.from("grüß 👋\n");
  for (const byte of bytes) process.stdout.write(Uint8Array.of(byte));
  restore();
  assert.deepEqual(reported, [["stdout", "grüß 👋"]]);
});

test("a line without an end is reported once, at the end", (t) => {
  const { reported, finish, restore } = capture(t);
  process.stdout.write("Password: ");
  finish();
  finish();
  restore();
  assert.deepEqual(reported, [["stdout", "Password: "]]);
});

test("the output of a console is captured", (t) => {
  const { reported, restore } = capture(t);
  const console = new Console(process.stdout, process.stderr);
  console.log("a %s", "b", { c: 1 });
  console.error("x\ny");
  restore();
  assert.deepEqual(reported, [
    ["stdout", "a b { c: 1 }"],
    ["stderr", "x\ny"],
  ]);
});

test("a write calls its callback", async (t) => {
  const { restore } = capture(t);
  const done: string[] = [];
  const more = process.stdout.write("x\n", () => done.push("second argument"));
  process.stdout.write("x\n", "utf8", () => done.push("third argument"));
  restore();
  assert.equal(more, true);
  assert.deepEqual(done, [], "callbacks come after write() has returned");
  await Promise.resolve();
  assert.deepEqual(done, ["second argument", "third argument"]);
});
