import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FAULTS } from "./faults.ts";

test("docs/guarantee.md names the number of faults: those of FAULTS, and a refused connection", () => {
  const guarantee = readFileSync(join(import.meta.dirname, "../../docs/guarantee.md"), "utf8");
  assert.equal(Number(/fails in (\d+) ways/.exec(guarantee)?.[1]), Object.keys(FAULTS).length + 1);
});
