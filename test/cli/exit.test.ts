import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { startChild } from "../child.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);

test("a process ends when its readers have all that it wrote", async () => {
  const child = startChild(process.execPath, [fixture("say-and-exit.ts")]);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  assert.deepEqual([stdout.length, stderr.length, code], [1_000_000, 1_000_000, 3]);
});

test("a process ends although nothing reads its standard error", async () => {
  const child = startChild(process.execPath, [fixture("say-and-exit.ts")]);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.deepEqual([stdout.length, code], [1_000_000, 3]);
});

test("a process ends although one of its threads cannot be ended", async () => {
  const child = startChild(process.execPath, [fixture("exit-with-stuck-thread.ts")]);
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
});
