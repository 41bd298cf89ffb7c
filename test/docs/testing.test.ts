/** docs/testing.md is true: its tests pass, in one process. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blocksIn, outputOf } from "./code-blocks.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/testing.md"), "utf8");

test("every test in docs/testing.md passes", async () => {
  const blocks = blocksIn(PAGE, "ts");
  const output = await outputOf(blocks, "ts");
  const tests = blocks.join("").match(/^test\(/gm)!.length;
  assert.deepEqual(output.match(/(?:pass|fail) \d+\n/g), [`pass ${tests}\n`, "fail 0\n"], output);
});
