import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, type Command, type CommandName } from "../../src/cli/command-table.ts";
import { helpOf } from "../../src/cli/help.ts";
import { flagOf, optionAt } from "../../src/config/options.ts";

for (const [name, command] of Object.entries(COMMANDS) as [CommandName, Command][]) {
  test(`the help of ${name} fits a terminal of 80 columns`, async () => {
    for (const line of (await helpOf(name)).split("\n")) assert(line.length <= 80, line);
  });

  test(`the help of ${name} has every flag with its explanation, and three examples`, async () => {
    const help = await helpOf(name);
    const flowing = help.replaceAll(/\s+/g, " ");
    for (const key of command.flags) {
      assert(help.includes(`--${flagOf(key)} `), key);
      assert(flowing.includes(command.help?.[key] ?? optionAt(key).help), key);
    }
    for (const [flag, meaning] of Object.entries({ ...command.switches, ...command.values }))
      assert.match(flowing, RegExp(`--${flag} ${meaning}`));
    assert.equal(help.split("Examples:\n")[1]!.trim().split("\n").length, 3);
  });
}

test("the help of simulate shows its own defaults", async () => {
  const help = await helpOf("simulate");
  assert.match(help, /--inbox[^[]*\[default: off\]/);
  assert.match(help, /--log-level[^[]*\[default: warn\]/);
});

test("the help of asgigram names every command", async () => {
  const help = await helpOf("serve");
  for (const [name, { summary }] of Object.entries(COMMANDS))
    assert.match(help, RegExp(`\\n  asgigram ${name} +${summary}\\n`));
});
