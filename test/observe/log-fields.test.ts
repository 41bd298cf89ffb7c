import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LOG_FIELDS } from "../../src/observe/log-fields.ts";

test("the table of log fields in docs/observe.md has every field, with its meaning", () => {
  const text = readFileSync(new URL("../../docs/observe.md", import.meta.url), "utf8");
  const rows = Object.entries(LOG_FIELDS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  assert.ok(text.includes(["| --- | --- |", ...rows, ""].join("\n")), `docs/observe.md needs:\n${rows.join("\n")}`);
});
