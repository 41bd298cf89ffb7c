import assert from "node:assert/strict";
import { once } from "node:events";
import { extname } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { startChild } from "./child.ts";
import { Folder } from "./folder.ts";

const LEFTOVERS = import.meta.resolve(`./leftovers${extname(import.meta.filename)}`);

/** Runs a test file as the runner does. @returns its exit code and its errors */
async function run(body: string): Promise<{ code: number; errors: string }> {
  using folder = new Folder();
  folder.write("file.mjs", `import { createServer } from "node:http";\nimport { test } from "node:test";\n${body}`);
  const env = { ...process.env, NODE_TEST_CONTEXT: "child-v8", LEFTOVERS_GRACE: "50" };
  const child = startChild(process.execPath, ["--import", LEFTOVERS, folder.join("file.mjs")], { env });
  child.stdout.resume();
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code: code as number, errors };
}

test("a test file whose failed test leaves a server open fails and ends, and says what is open", async () => {
  const { code, errors } = await run(`test("fails", () => new Promise((_, reject) => {
    createServer().listen(0, "127.0.0.1", () => reject(new Error("before the server is closed")));
  }));`);
  assert.deepEqual([code, errors], [1, "still open after the last test: TCPServerWrap\n"]);
});

test("a test file that leaves nothing open ends by itself", async () => {
  const { code, errors } = await run(`test("passes", () => {});`);
  assert.deepEqual([code, errors], [0, ""]);
});
