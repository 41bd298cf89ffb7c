import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../src/config/commands.ts";
import { helpOf } from "../../src/config/help.ts";
import { flagOf, optionAt } from "../../src/config/options.ts";

for (const [name, command] of Object.entries(COMMANDS)) {
  test(`the help of ${name} fits a terminal of 80 columns`, async () => {
    for (const line of (await helpOf(command)).split("\n")) assert(line.length <= 80, line);
  });

  test(`the help of ${name} has every flag with its explanation, and three examples`, async () => {
    const help = await helpOf(command);
    const flowing = help.replaceAll(/\s+/g, " ");
    for (const key of command.flags) {
      assert(help.includes(`--${flagOf(key)} `), key);
      assert(flowing.includes(command.help[key] ?? optionAt(key).help), key);
    }
    for (const [name, meaning] of Object.entries(command.switches))
      assert.match(flowing, RegExp(`--${name} ${meaning}`));
    assert.equal(help.split("Examples:\n")[1]!.trim().split("\n").length, 3);
  });
}

test("the help of simulate shows its own defaults", async () => {
  const help = await helpOf(COMMANDS.simulate);
  assert.match(help, /--inbox[^[]*\[default: off\]/);
  assert.match(help, /--log-level[^[]*\[default: warn\]/);
});

test("the help of asgigram names the other commands", async () => {
  const help = await helpOf(COMMANDS.serve);
  for (const name of Object.keys(COMMANDS)) if (name !== "serve") assert(help.includes(`\nasgigram ${name} `), name);
});
