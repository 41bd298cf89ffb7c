import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { PARTS } from "../../src/assembly.ts";
import { resolveConfig } from "../../src/config/config.ts";
import { loggerFor, serve } from "../../src/server.ts";
import { unsettledIn } from "../chaos/inbox-file.ts";
import { Asgigram } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { callsOf, confirmed, message, startBotHere } from "./bot.ts";

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
  const config = await resolveConfig({
    options: {
      application: "apps/encoder.ts",
      token: simulator.token,
      apiUrl: simulator.url,
      inbox: false,
      workers: 1,
      shutdownTimeout: 600,
    },
    env: {},
    cwd: import.meta.dirname,
  });
  assert.equal(PARTS.patience(config), config.shutdownTimeout - 1000);
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const server = await serve(config, undefined, loggerFor(config, write), { patience: () => 200 });
  try {
    await simulator.push(message(1, "a film"));
    await callsOf(simulator, "sendMessage", 1);
  } finally {
    await server.stop();
  }
  assert.match(
    log.join(""),
    /"unsettled":1,.*"giving up updates that only memory holds".*encoders ended by SIGTERM and SIGTERM/s,
  );
  assert.doesNotMatch(log.join(""), /not everything was finished/);
});

test("a SIGTERM with 100,000 calls waiting gives them up in one line of the log, and leaves what is unsettled in the inbox", async () => {
  using folder = new Folder();
  const inbox = folder.join("inbox.sqlite");
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) =>
      method === "sendMessage" ? await new Promise<never>(() => {}) : await respond(),
  });
  await using bot = await startBotHere("flooding", simulator, [
    ...["--inbox", inbox, "--workers", "1", "--shutdown-timeout", "1"],
  ]);
  await simulator.pushMany([message(30, "hello"), message(31, "flood")]);
  await bot.logged(({ msg }) => msg === "flooded");
  await confirmed(simulator);
  const { code, stderr } = await bot.end();
  assert.equal(code, 0, stderr);
  const lines = bot.log.slice(bot.log.findIndex(({ msg }) => msg.startsWith("stopping")));
  assert.deepEqual(
    lines.map(({ msg, calls, unsettled }) => [msg.split(":")[0], calls, unsettled]),
    [
      ["stopping", undefined, undefined],
      ["not everything was finished within 1 s", 100_001, 1],
      ["stopped", undefined, 1],
    ],
  );
  assert.equal(unsettledIn(inbox), 1);
});

test("a server whose application hangs leaves time of --shutdown-timeout for its end", async ({ mock }) => {
  const { mock: waits } = mock.method(AbortSignal, "timeout");
  await using simulator = await Simulator.start();
  using folder = new Folder();
  const options = ["--inbox", folder.join("inbox.sqlite"), "--workers", "1", "--shutdown-timeout", "2.4"];
  await using bot = await startBotHere("in-hand", simulator, options);
  await simulator.push(message(1, "hang"));
  await confirmed(simulator);
  waits.resetCalls();
  const { code, stderr } = await bot.end();
  assert.equal(code, 0, stderr);
  const lines = bot.log.slice(bot.log.findIndex(({ msg }) => msg.startsWith("stopping")));
  assert.deepEqual(
    lines.map(({ msg }) => msg.split(":")[0]),
    ["stopping", "not everything was finished within 2.4 s", "stopped"],
  );
  const asked = waits.calls.map((call) => Number(call.arguments[0]));
  assert.ok(asked.includes(2400 - 500) && !asked.includes(2400), `it waits for ${asked} ms`);
});
