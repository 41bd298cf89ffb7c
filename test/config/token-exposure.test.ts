import assert from "node:assert/strict";
import { chmod, chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isExposed } from "../../src/config/token-exposure.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-exposure-"));
after(() => rm(folder, { recursive: true }));
const path = join(folder, "token");
await writeFile(path, "");

test("a file is exposed if others may read it, or the group or others may change it", async () => {
  for (const mode of [0o644, 0o604, 0o620, 0o602, 0o444, 0o777]) {
    await chmod(path, mode);
    assert(await isExposed(path), mode.toString(8));
  }
  for (const mode of [0o600, 0o400, 0o640, 0o440]) {
    await chmod(path, mode);
    assert(!(await isExposed(path)), mode.toString(8));
  }
});

test("another user's file is not exposed", async (t) => {
  await chmod(path, 0o644);
  if (process.geteuid?.() === 0) {
    await chown(path, 12_345, 12_345);
    assert(!(await isExposed(path)));
  } else {
    const { uid, mode } = await stat("/etc/hosts");
    if (uid === process.geteuid?.() || (mode & 0o004) === 0) return t.skip("there is no file of another user");
    assert(!(await isExposed("/etc/hosts")));
  }
});
