import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { resolveSettings } from "../../src/config/settings.ts";
import type { Sources } from "../../src/config/sources.ts";
import { warningsAbout } from "../../src/config/warnings.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const folder = await mkdtemp(join(tmpdir(), "asgigram-warnings-"));
after(() => rm(folder, { recursive: true }));
const tokenFile = join(folder, "token");
await writeFile(tokenFile, TOKEN);

async function warningsOf(sources: Partial<Sources>): Promise<readonly string[]> {
  return (await resolveSettings({ env: {}, cwd: folder, ...sources })).warnings;
}

test("an unknown update kind is accepted with a warning", async () => {
  assert.deepEqual(await warningsOf({ flags: { allowedUpdates: "mesage,quite_new_kind" } }), [
    '--allowed-updates: this version of asgigram knows no update kind "mesage"; did you mean message?',
    '--allowed-updates: this version of asgigram knows no update kind "quite_new_kind"',
  ]);
});

test("a variable that looks like a misspelt option gets a warning, others do not", async () => {
  const env = { ASGIGRAM_WORKER: "2", ASGIGRAM_SERVICE_HOST: "10.0.0.1", ASGIGRAM_INBOXX: "" };
  assert.deepEqual(await warningsOf({ env }), ["ASGIGRAM_WORKER has no effect; did you mean ASGIGRAM_WORKERS?"]);
});

test("an option of a webhook that is not asked for gets a warning", async () => {
  const flags = { webhookListen: ":8443", webhookKey: "key.pem" };
  assert.deepEqual(await warningsOf({ flags }), [
    "--webhook-listen has no effect without --webhook",
    "--webhook-key has no effect without --webhook",
  ]);
  const webhook = "https://bot.example.com";
  assert.deepEqual(await warningsOf({ flags: { ...flags, webhook } }), [
    "--webhook-key has no effect without --webhook-certificate",
  ]);
  assert.deepEqual(await warningsOf({ flags: { ...flags, webhook, webhookCertificate: "cert.pem" } }), []);
});

test("an option of a database without one gets a warning, and so does a password on the command line", async () => {
  const flags = { inboxPasswordFile: "password", nodeName: "one" };
  const both = { ...flags, inboxPasswordCommand: "echo password" };
  const rest = "has no effect without an inbox in a database (--inbox postgres://…)";
  assert.deepEqual(await warningsOf({ flags }), [`--inbox-password-file ${rest}`, `--node-name ${rest}`]);
  assert.deepEqual(await warningsOf({ flags: { ...flags, inbox: "postgres://bot@db/bots" } }), []);
  assert.deepEqual(await warningsOf({ flags: { ...both, inbox: "postgres://bot@db/bots" } }), [
    "--inbox-password-file has no effect beside --inbox-password-command",
  ]);
  const [warning, ...others] = await warningsOf({ flags: { inbox: "postgres://bot:secret-word@db/bots" } });
  assert.match(warning!, /^the database's password is on the command line, .*use --inbox-password-file$/);
  assert.deepEqual(others, []);
  assert.deepEqual(await warningsOf({ env: { ASGIGRAM_INBOX: "postgres://bot:secret-word@db/bots" } }), []);
});

test("--local without an own Bot API server gets a warning", async () => {
  const warning = "--local is for a Bot API server of your own; name its URL with --api-url";
  assert.deepEqual(await warningsOf({ flags: { local: true } }), [warning]);
  assert.deepEqual(await warningsOf({ flags: { local: true, apiUrl: "http://bot-api:8081" } }), []);
});

test("a token on the command line gets a warning; from a program or a variable it gets none", async () => {
  const [warning, ...others] = await warningsOf({ flags: { token: TOKEN } });
  assert.match(warning!, /^the token is on the command line, .*use --token-file or ASGIGRAM_TOKEN$/);
  assert.deepEqual(others, []);
  assert.deepEqual(await warningsOf({ options: { token: TOKEN } }), []);
  assert.deepEqual(await warningsOf({ env: { ASGIGRAM_TOKEN: TOKEN } }), []);
});

test("a program that gets the token gets a warning", async () => {
  const warning = "the bot's program and all of its packages can read the token, and pass it on";
  assert.deepEqual(await warningsOf({ flags: { exposeToken: true } }), [`--expose-token: ${warning}`]);
  assert.deepEqual(await warningsOf({ env: { ASGIGRAM_EXPOSE_TOKEN: "false" } }), []);
});

test("a token file in force that is open to others gets a warning with the remedy", async () => {
  await chmod(tokenFile, 0o644);
  assert.deepEqual(await warningsOf({ flags: { tokenFile } }), [
    `other users of this machine can read or change the token's file; run chmod 600 ${tokenFile}`,
  ]);
  assert.deepEqual(await warningsOf({ options: { token: TOKEN }, env: { ASGIGRAM_TOKEN_FILE: tokenFile } }), []);
  await chmod(tokenFile, 0o600);
  assert.deepEqual(await warningsOf({ flags: { tokenFile } }), []);
});

test("more workers than the CPU quota grants get a warning with the number that is useful", async () => {
  const { settings } = await resolveSettings({ env: {}, cwd: folder, flags: { workers: 8 } });
  const about = (quota: number | undefined) =>
    warningsAbout(settings, { env: {}, cwd: folder }, { cores: 8, quota, memory: undefined });
  assert.deepEqual(await about(1.5), [
    "8 workers exceed the CPU quota of 1.5: they will stand still in turns; set --workers 2, or raise the quota",
  ]);
  assert.deepEqual(await about(8), []);
  assert.deepEqual(await about(7.5), [], "the default with this quota is 8");
  assert.deepEqual(await about(undefined), []);
});
