import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { resolveConfig, type Values } from "../../src/config/config.ts";
import { findInbox } from "../../src/config/inbox-path.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "asgigram-inbox-path-"));
after(() => rmSync(folder, { recursive: true }));

function directory(name: string, files: { [name: string]: string } = {}): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

const find = (cwd: string, flags: Values = {}, env: { [name: string]: string } = {}) => findInbox({ flags, env, cwd });

test("the inbox is the file that the server would use", async () => {
  const cwd = directory("same", { token: "9:file", "conf.json": '{ "inbox": "conf.sqlite", "tokenFile": "token" }' });
  const ways: [flags: Values, env: { [name: string]: string }, file: string][] = [
    [{ inbox: "a.sqlite" }, { ASGIGRAM_INBOX: "b.sqlite" }, "a.sqlite"],
    [{}, { ASGIGRAM_INBOX: "b.sqlite", ASGIGRAM_TOKEN: "7:env" }, "b.sqlite"],
    [{ config: "conf.json" }, {}, "conf.sqlite"],
    [{}, { ASGIGRAM_TOKEN: "7:env" }, "asgigram-7.sqlite"],
    [{ tokenFile: "token" }, { ASGIGRAM_TOKEN: "7:env" }, "asgigram-9.sqlite"],
    [{}, { ASGIGRAM_TOKEN_FILE: "token", ASGIGRAM_WORKERS: "4" }, "asgigram-9.sqlite"],
  ];
  for (const [flags, env, file] of ways) {
    assert.equal(await find(cwd, flags, env), join(cwd, file));
    const token = "ASGIGRAM_TOKEN" in env || "ASGIGRAM_TOKEN_FILE" in env ? {} : { ASGIGRAM_TOKEN: "5:x" };
    const server = { flags: { application: "bot.ts", ...flags }, env: { ...token, ...env }, cwd };
    if (!("config" in flags)) assert.equal(await find(cwd, flags, env), (await resolveConfig(server)).inbox);
  }
});

test("without a token, the inbox is the only one in the working directory", async () => {
  const cwd = directory("only", { "asgigram-5.sqlite": "", "asgigram-5.sqlite-wal": "", "other.sqlite": "" });
  assert.equal(await find(cwd), join(cwd, "asgigram-5.sqlite"));
});

test("without a token, no inbox or several are an error with the remedy", async () => {
  const none = directory("none", { "asgigram.sqlite": "" });
  const several = directory("several", { "asgigram-7.sqlite": "", "asgigram-5.sqlite": "" });
  const remedy = "name the inbox with --inbox, or the token's file with --token-file";
  await assert.rejects(
    find(none),
    new ConfigError(
      `cannot tell which inbox: there is no token, and in ${none} there is no asgigram-*.sqlite; ${remedy}`,
    ),
  );
  await assert.rejects(find(several), {
    message: `cannot tell which inbox: there is no token, and in ${several} there are asgigram-5.sqlite, asgigram-7.sqlite; ${remedy}`,
  });
});

test("an inbox that is off is not found", async () => {
  const message = (source: string) => `${source} is off, so there is no inbox; name a file with --inbox`;
  await assert.rejects(find(folder, { inbox: false }), new ConfigError(message("--inbox")));
  await assert.rejects(find(folder, {}, { ASGIGRAM_INBOX: "off" }), new ConfigError(message("ASGIGRAM_INBOX")));
});

test("an invalid token or configuration file is the same error as for the server", async () => {
  await assert.rejects(find(folder, {}, { ASGIGRAM_TOKEN: "x" }), /^ConfigError: ASGIGRAM_TOKEN is not a bot token/);
  await assert.rejects(find(folder, { config: "missing.json" }), /^ConfigError: --config is .*which does not exist/);
});
