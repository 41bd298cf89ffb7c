import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LOG_FIELDS } from "../../src/observe/log-fields.ts";

const DOCS = new URL("../../docs/", import.meta.url);

test("the table of log fields in the docs has every field, with its meaning", () => {
  const name = existsSync(new URL("observe.md", DOCS)) ? "observe.md" : "operations.md";
  const text = readFileSync(new URL(name, DOCS), "utf8");
  const rows = Object.entries(LOG_FIELDS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  assert.ok(text.includes(["| --- | --- |", ...rows, ""].join("\n")), `docs/${name} needs:\n${rows.join("\n")}`);
});
