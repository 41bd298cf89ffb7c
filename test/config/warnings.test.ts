import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { resolveSettings } from "../../src/config/settings.ts";
import type { Sources } from "../../src/config/sources.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const folder = await mkdtemp(join(tmpdir(), "asgigram-warnings-"));
after(() => rm(folder, { recursive: true }));
const tokenFile = join(folder, "token");
await writeFile(tokenFile, TOKEN);

async function warningsOf(sources: Partial<Sources>): Promise<readonly string[]> {
  return (await resolveSettings({ env: {}, cwd: folder, ...sources })).warnings;
}

test("a kind of update that is not known is taken, with a warning", async () => {
  assert.deepEqual(await warningsOf({ flags: { allowedUpdates: "mesage,quite_new_kind" } }), [
    '--allowed-updates: "mesage" is no kind of update that this version of asgigram knows; did you mean message?',
    '--allowed-updates: "quite_new_kind" is no kind of update that this version of asgigram knows',
  ]);
});

test("a variable that looks like a misspelt option is warned of, others are not", async () => {
  const env = { ASGIGRAM_WORKER: "2", ASGIGRAM_SERVICE_HOST: "10.0.0.1", ASGIGRAM_INBOXX: "" };
  assert.deepEqual(await warningsOf({ env }), ["ASGIGRAM_WORKER has no effect; did you mean ASGIGRAM_WORKERS?"]);
});

test("--local without a server of one's own is warned of", async () => {
  const warning = "--local is about a Bot API server of one's own, and none is named; name yours with --api-url";
  assert.deepEqual(await warningsOf({ flags: { local: true } }), [warning]);
  assert.deepEqual(await warningsOf({ flags: { local: true, apiUrl: "http://bot-api:8081" } }), []);
});

test("a token on the command line is warned of; from a program or a variable it is none", async () => {
  const [warning, ...others] = await warningsOf({ flags: { token: TOKEN } });
  assert.match(warning!, /^the token is on the command line, .*--token-file or ASGIGRAM_TOKEN keeps it from there$/);
  assert.deepEqual(others, []);
  assert.deepEqual(await warningsOf({ options: { token: TOKEN } }), []);
  assert.deepEqual(await warningsOf({ env: { ASGIGRAM_TOKEN: TOKEN } }), []);
});

test("a token's file that is open to others is warned of, with the remedy, if it counts", async () => {
  await chmod(tokenFile, 0o644);
  assert.deepEqual(await warningsOf({ flags: { tokenFile } }), [
    `the token's file is open to other users of this machine; close it: chmod 600 ${tokenFile}`,
  ]);
  assert.deepEqual(await warningsOf({ options: { token: TOKEN }, env: { ASGIGRAM_TOKEN_FILE: tokenFile } }), []);
  await chmod(tokenFile, 0o600);
  assert.deepEqual(await warningsOf({ flags: { tokenFile } }), []);
});
