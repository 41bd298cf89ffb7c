import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readText } from "../../src/config/text-file.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-text-"));
after(() => rm(folder, { recursive: true }));

test("readText returns the text of a file", async () => {
  const path = join(folder, "file");
  await writeFile(path, "text\n");
  assert.equal(await readText(path, "--config"), "text\n");
  await assert.rejects(readText(join(path, "below"), "--config"), /which does not exist/);
});

test("the error for an unreadable file names the option and the reason", async () => {
  const missing = join(folder, "missing");
  await assert.rejects(readText(missing, "ASGIGRAM_TOKEN_FILE"), {
    code: "ASGIGRAM_CONFIG",
    message: `ASGIGRAM_TOKEN_FILE is ${missing}, which does not exist: check the path`,
  });
  await assert.rejects(readText(folder, "--config"), /is a folder: name a file/);
  await assert.rejects(readText(join(folder, "x".repeat(300)), "--config"), /cannot be read \(ENAMETOOLONG\)/);
});

test("a token in the place of a file name is not shown", async () => {
  const path = join(folder, "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123");
  await assert.rejects(readText(path, "--token-file"), (error: Error) => {
    assert.equal(error.message, `--token-file is ${folder}/<token>, which does not exist: check the path`);
    assert.equal(error.cause, undefined);
    return true;
  });
});
