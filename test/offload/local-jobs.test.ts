import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startChild } from "../child.ts";

test("a plain program uses heavy functions, and ends when it has nothing else to do", async () => {
  const program = startChild(process.execPath, [fileURLToPath(new URL("fixtures/program.ts", import.meta.url))]);
  let output = "";
  program.stdout.on("data", (text) => {
    output += text;
  });
  program.stderr.pipe(process.stderr);
  const [code] = await once(program, "close");
  assert.deepEqual([code, output], [0, "42\nDataCloneError\n"]);
});
