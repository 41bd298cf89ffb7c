import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS, isCommand } from "../../src/cli/command-table.ts";
import { resolveConfig } from "../../src/config/config.ts";

test("every example is a valid command line", async () => {
  for (const command of Object.values(COMMANDS)) {
    for (const [line] of command.examples) {
      const [, typed] = /asgigram ([^>)]+)/.exec(line)!;
      const words = typed!.trim().split(" ");
      const invocation = await parseCommandLine(words);
      assert("flags" in invocation, line);
      if (invocation.wants !== "serve" && invocation.wants !== "simulate") continue;
      const { tokenFile, ...flags } = invocation.flags;
      await resolveConfig({ flags: { token: "1:a", ...flags }, env: {}, cwd: "/" });
    }
  }
});

test("each usage but that of serve begins with the name of its command", () => {
  for (const [name, { usage }] of Object.entries(COMMANDS)) {
    for (const line of usage) assert.equal(isCommand(line.split(" ")[0]), name !== "serve", line);
  }
});

test("an inherited property of objects is no command", () => {
  assert(isCommand("simulate"));
  assert(!isCommand("constructor"));
  assert(!isCommand(undefined));
});
