import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Asgigram } from "../cli/asgigram.ts";
import { callsOf, message, startBot } from "./bot.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`a ${signal} to \`simulate\` ends the processes that the application started, and waits for nothing`, async () => {
    const args = ["simulate", "apps/encoder.ts", "--workers", "1", "--shutdown-timeout", "600", "--log-level", "info"];
    await using simulation = new Asgigram(args, { cwd: import.meta.dirname });
    simulation.process.stdin.write("a film\n");
    await simulation.finds(() => simulation.stdout.includes("Bot: encoding"), "answer");
    simulation.process.kill(signal);
    const { code, stderr } = await simulation.exit();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /encoders ended by SIGTERM and SIGTERM/);
  });
}

test("without an inbox the application's processes end a second before --shutdown-timeout is over", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBot("encoder", simulator, ["--no-inbox", "--workers", "1", "--shutdown-timeout", "1.2"]);
  await simulator.push(message(1, "a film"));
  await callsOf(simulator, "sendMessage", 1);
  const { code, stderr } = await bot.end();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /"unsettled":1,.*"giving up updates that only memory holds"/);
  assert.match(stderr, /encoders ended by SIGTERM and SIGTERM/);
  assert.doesNotMatch(stderr, /not everything was finished/);
});
