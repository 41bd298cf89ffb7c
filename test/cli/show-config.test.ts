import assert from "node:assert/strict";
import { test } from "node:test";
import { showConfig } from "../../src/cli/show-config.ts";
import type { Machine } from "../../src/config/machine.ts";
import { OPTION_KEYS } from "../../src/config/options.ts";
import { resolveSettings } from "../../src/config/settings.ts";
import type { Sources } from "../../src/config/sources.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const MACHINE = { cores: 8, quota: 0.5, memory: 2 ** 29 };

const show = async (sources: Partial<Sources>, asJson = false, machine: Machine = MACHINE) =>
  showConfig(await resolveSettings({ env: {}, cwd: "/srv", ...sources }), asJson, machine);

/** The row of each option, its columns separated by one bar. */
async function rowsOf(sources: Partial<Sources>): Promise<{ [key: string]: string }> {
  const rows = (await show(sources)).split("\n\n")[0]!.split("\n").slice(1);
  return Object.fromEntries(rows.map((row) => [row.split(" ")[0], row.replaceAll(/ {2,}/g, "|")]));
}

test("every option is a row with its name, the source of its value, and the value", async () => {
  const rows = await rowsOf({
    flags: { application: "bot.ts", verbosity: "3", dropPending: "true" },
    env: { ASGIGRAM_ALLOWED_UPDATES: "message,poll", ASGIGRAM_INBOX: "off" },
  });
  assert.deepEqual(Object.keys(rows), OPTION_KEYS);
  assert.equal(rows.application, "application|the argument <application>|bot.ts");
  assert.equal(rows.logLevel, "logLevel|--verbosity|trace");
  assert.equal(rows.dropPending, "dropPending|--drop-pending|on");
  assert.equal(rows.allowedUpdates, "allowedUpdates|ASGIGRAM_ALLOWED_UPDATES|message,poll");
  assert.equal(rows.inbox, "inbox|ASGIGRAM_INBOX|off");
  assert.equal(rows.maxAttempts, "maxAttempts|default|3");
});

test("no option is required", async () => {
  const rows = await rowsOf({});
  assert.equal(rows.token, "token|default|not set");
  assert.equal(rows.application, "application|default|not set");
  assert.equal(rows.inbox, "inbox|default|asgigram-<bot id>.sqlite");
  assert.equal(rows.allowedUpdates, "allowedUpdates|default|every kind");
});

test("the token is shown as the bot's id, an address without its password", async () => {
  const sources = { flags: { token: TOKEN }, env: { ASGIGRAM_PROXY: "http://me:secret@proxy:3128" } };
  const rows = await rowsOf(sources);
  assert.equal(rows.token, "token|the argument <token>|123456789:<token>");
  assert.equal(rows.proxy, "proxy|ASGIGRAM_PROXY|http://<credentials>@proxy:3128");
  for (const asJson of [true, false]) assert.doesNotMatch(await show(sources, asJson), /AAE|secret/);
});

test("the columns are aligned, and warnings come below", async () => {
  const text = await show({ flags: { maxApplications: "3" }, env: { ASGIGRAM_WORKER: "1" } });
  const [table, _, warnings] = text.split("\n\n");
  const [head, ...rows] = table!.split("\n");
  const columns = [head!.indexOf("FROM"), head!.indexOf("VALUE")];
  for (const row of rows) for (const column of columns) assert.match(row.slice(column - 2), /^ {2}\S/, row);
  assert.equal(warnings, "Warning: ASGIGRAM_WORKER has no effect; did you mean ASGIGRAM_WORKERS?");
});

test("the machine is shown, and the sum of the workers' heaps", async () => {
  const flags = { workers: "3", workerMemory: "100" };
  const [, machine] = (await show({ flags })).split("\n\n");
  assert.equal(
    machine,
    "Machine: 8 cores, a CPU quota of 0.5, a memory limit of 512 MB, heaps of 3 workers up to 300 MB",
  );
  const plain = { cores: 1, quota: undefined, memory: undefined };
  const [, other] = (await show({ flags: { workers: "1", workerMemory: "64" } }, false, plain)).split("\n\n");
  assert.equal(other, "Machine: 1 core, no CPU quota, no memory limit, heaps of 1 worker up to 64 MB");
  assert.deepEqual(JSON.parse(await show({ flags }, true)).machine, { ...MACHINE, heaps: 300 * 2 ** 20 });
});

test("JSON has the values as they are, null if not set, and null as the source of a default", async () => {
  const env = { ASGIGRAM_WORKERS: "3", ASGIGRAM_ALLOWED_UPDATES: "message", ASGIGRAM_WORKER: "1" };
  const { settings, warnings } = JSON.parse(await show({ env }, true));
  assert.deepEqual(Object.keys(settings), OPTION_KEYS);
  assert.deepEqual(settings.workers, { value: 3, source: "ASGIGRAM_WORKERS" });
  assert.deepEqual(settings.allowedUpdates, { value: ["message"], source: "ASGIGRAM_ALLOWED_UPDATES" });
  assert.deepEqual(settings.idleTimeout, { value: false, source: null });
  assert.deepEqual(settings.token, { value: null, source: null });
  assert.equal(warnings.length, 1);
});
