import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { descriptorOf, readText, readTextOnce } from "../../src/config/text-file.ts";

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

test("a file that the parent process opened is read once and closed", async (t) => {
  if (process.platform === "win32") return t.skip("Windows has no /dev/fd");
  const path = join(folder, "once");
  await writeFile(path, "text\n");
  for (const name of ["/dev/fd", "/proc/self/fd"]) {
    const descriptor = openSync(path, "r");
    assert.equal(await readTextOnce(`${name}/${descriptor}`, "--token-file"), "text\n");
    assert.throws(() => fstatSync(descriptor), { code: "EBADF" });
  }
  assert.equal(await readTextOnce(path, "--token-file"), "text\n");
  assert.equal(await readTextOnce(path, "--token-file"), "text\n");
});

test("a descriptor that is not open is refused with the remedy, and none of Node.js's own is closed", async (t) => {
  if (process.platform === "win32") return t.skip("Windows has no /dev/fd");
  await assert.rejects(readTextOnce("/dev/fd/999", "--token-file"), {
    message: "--token-file is /dev/fd/999, which is not open: start asgigram with 3< and the file",
  });
  const device = openSync("/dev/null", "r");
  await assert.rejects(readTextOnce(`/dev/fd/${device}`, "--token-file"), /which is not open/);
  closeSync(device);
});

test("standard streams and other files are no descriptors", () => {
  assert.equal(descriptorOf("/dev/fd/3"), 3);
  for (const path of ["/dev/fd/0", "/dev/fd/2", "/dev/stdin", "/dev/fd/x", "/home/dev/fd/3", "/dev/fd/3/x"]) {
    assert.equal(descriptorOf(path), undefined, path);
  }
});
