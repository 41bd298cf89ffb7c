import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned } from "../../src/cli/aligned.ts";

test("columns begin below each other, also behind wide characters, and no line ends in a space", () => {
  assert.deepEqual(aligned([["ID", "NAME", "STATE"], ["7", "日本", "on"], ["12", "db", ""], ["3"]]), [
    "ID  NAME  STATE",
    "7   日本  on",
    "12  db",
    "3",
  ]);
  assert.deepEqual(aligned([]), []);
});
