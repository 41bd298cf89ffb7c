/** docs/from-grammy.md shows the two bots of examples/from-grammy, and both hold the same conversation. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { serve } from "../../src/index.ts";
import { startChild } from "../child.ts";
import { LIMIT } from "../eventually.ts";

const ROOT = join(import.meta.dirname, "../..");
const BOTS = join(ROOT, "examples/from-grammy");

for (const name of ["before.ts", "after.ts"]) {
  test(`docs/from-grammy.md shows ${name} as it is`, () => {
    const text = readFileSync(join(ROOT, "docs/from-grammy.md"), "utf8");
    assert.ok(text.includes(`\`\`\`ts\n${readFileSync(join(BOTS, name), "utf8")}\`\`\`\n`));
  });
}

test("the bot on grammY asks for a name and finds primes", async () => {
  const simulator = await Simulator.start();
  const { token: BOT_TOKEN, url: API_ROOT } = simulator;
  const bot = startChild(process.execPath, ["before.ts"], {
    cwd: BOTS,
    env: { BOT_TOKEN, API_ROOT },
    stdio: "inherit",
  });
  try {
    await converse(simulator);
  } finally {
    bot.kill("SIGKILL");
    await simulator.close();
  }
});

test("the same bot on asgigram asks for a name and finds primes", async () => {
  const simulator = await Simulator.start();
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: join(BOTS, "after.ts"),
    workers: 1,
    inbox: false,
    logLevel: "silent",
  });
  try {
    await converse(simulator);
  } finally {
    await server.stop();
    await simulator.close();
  }
});

/** Two people talk to the bot in turns, so that neither gets the other's state. */
async function converse(simulator: Simulator): Promise<void> {
  const people = [await simulator.user("Ann"), await simulator.user("Ben")];
  const talk = [
    { said: () => "hi", heard: () => "What is your name?" },
    { said: (name: string) => name, heard: (name: string) => `${name}, send me a number.` },
    { said: () => "90", heard: (name: string) => `${name}, prime 1 is 97.` },
    { said: () => "100", heard: (name: string) => `${name}, prime 2 is 101.` },
  ];
  for (const { said, heard } of talk) {
    for (const person of people) {
      const name = person === people[0] ? "Ann" : "Ben";
      await person.sendText(said(name));
      assert.equal((await person.nextMessage({ timeout: LIMIT })).text, heard(name));
    }
  }
}
