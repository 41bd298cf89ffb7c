import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { check } from "../../../src/cli/check/check.ts";
import { Folder } from "../../folder.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const found = async (flags: object, cwd: string, printed: string[] = []) =>
  (await check({ flags, env: {}, cwd }, {}, (line) => printed.push(line))).map(({ is, point }) => `${is} ${point}`);

test("every point is checked, also if others have problems", async () => {
  await using simulator = await Simulator.start();
  using folder = new Folder();
  const { token, url: apiUrl } = simulator;
  writeFileSync(join(folder.path, "bot.mjs"), "export default async () => {};");
  const well = ["ok application", "ok token", "ok webhook", "ok inbox"];
  const bot = { application: "bot.mjs", token, apiUrl };
  assert.deepEqual(await found(bot, folder.path), ["warning configuration", ...well]);
  assert.deepEqual(await found({ token, apiUrl }, folder.path), [
    "warning configuration",
    "problem application",
    ...well.slice(1),
  ]);
  assert.deepEqual(await found({ application: "bot.mjs" }, folder.path), [
    "ok configuration",
    "ok application",
    "problem token",
  ]);
  const findings = await check({ flags: { application: "bot.mjs" }, env: {}, cwd: folder.path }, {}, () => {});
  assert.match(findings[2]!.text, /none of BOT_TOKEN, .*, here or in \.env, has one$/);
  assert.deepEqual(await found({ ...bot, workers: 0 }, folder.path), ["problem configuration"]);
  const webhook = { webhook: "https://bot.example.com", webhookCertificate: "no.pem", webhookKey: "no.key" };
  assert.ok((await found({ ...bot, ...webhook }, folder.path)).includes("problem webhook"));
});

test("the findings and the output of the application do not show the token", async () => {
  using folder = new Folder();
  const code = `console.log(${JSON.stringify(TOKEN)}); throw new Error(${JSON.stringify(TOKEN)});`;
  writeFileSync(join(folder.path, "bot.mjs"), code);
  const printed: string[] = [];
  const flags = { application: "bot.mjs", token: TOKEN, apiUrl: "http://127.0.0.1:1" };
  const findings = await check({ flags, env: {}, cwd: folder.path }, {}, (line) => printed.push(line));
  assert.deepEqual(printed, ["<token>"]);
  assert.match(findings[1]!.text, /it threw Error: <token>/);
  assert.doesNotMatch(findings.map(({ text }) => text).join(), /AAE-/);
});
