/** The example of a lifespan in docs/protocol.md passes the type check, and runs. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { run } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../..", path), "utf8");
const EXAMPLE = /```ts\n(import[^`]*LifespanApplication[^`]*)```/.exec(read("docs/protocol.md"))![1]!;

test("the lifespan of docs/protocol.md is the file whose types are checked", () => {
  assert.equal(EXAMPLE, read("test/types/lifespan.types.ts"));
});

test("the bot with a lifespan of docs/protocol.md runs", async () => {
  using folder = new Folder();
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", EXAMPLE);
  const words = new DatabaseSync(folder.join("words.sqlite"));
  words.exec("CREATE TABLE words (english, german); INSERT INTO words VALUES ('tea', 'Tee')");
  words.close();
  const options = { cwd: folder.path, stdin: "tea\nmilk\n" };
  const { code, stdout, stderr } = await run(["simulate", "bot.ts", "--lifespan", "on"], options);
  assert.equal(stdout, "Bot: Tee\nBot: I do not know that word.\n", stderr);
  assert.equal(code, 0, stderr);
});
