import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { after, suite, test } from "node:test";
import { Spool } from "../../../workers/program/spool.ts";
import { Folder } from "../../folder.ts";

const MEGABYTE = 1024 * 1024;

async function* chunks(...sizes: number[]) {
  for (const size of sizes) yield Buffer.alloc(size, size % 251);
}

async function read(...sizes: number[]): Promise<Buffer> {
  return buffer(chunks(...sizes));
}

/** The files of the tests that are left over show here. */
const folder = new Folder();
after(() => folder[Symbol.dispose]());
process.env.TMPDIR = folder.path;

suite("a file of a request", () => {
  test("a small file stays in memory, with its hash", async () => {
    const { given } = await new Spool().take(chunks(1, MEGABYTE - 1), "a.txt", "text/plain");
    const whole = await read(1, MEGABYTE - 1);
    assert.deepEqual(given, {
      filename: "a.txt",
      content_type: "text/plain",
      content: { bytes: whole },
      fingerprint: `sha256-${hash("sha256", whole, "base64url")}`,
    });
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test("a large file goes to the disk, for this user alone, until it is discarded", async () => {
    const spool = new Spool();
    const sizes = [3, MEGABYTE, 5, MEGABYTE];
    const { given } = await spool.take(chunks(...sizes));
    const { path, isTemporary } = given.content as { path: string; isTemporary?: true };
    const whole = await read(...sizes);
    assert.equal(isTemporary, true);
    assert.ok(path.startsWith(folder.path));
    assert.ok(readFileSync(path).equals(whole));
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(given.fingerprint, `sha256-${hash("sha256", whole, "base64url")}`);
    await spool.discard();
    assert.deepEqual(readdirSync(folder.path), []);
    // The main thread may have removed it.
    await spool.discard();
  });

  test("a file whose stream breaks off is discarded, too", async () => {
    const spool = new Spool();
    async function* broken() {
      yield* chunks(2 * MEGABYTE);
      throw new Error("broken off");
    }
    await assert.rejects(spool.take(broken()), /broken off/);
    await spool.discard();
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test("a field of a form is text, or a file with its name", async () => {
    const spool = new Spool();
    assert.equal(await spool.takeField("text"), "text");
    const file = await spool.takeField(new File(["abc"], "a.txt", { type: "text/plain" }));
    assert.ok(typeof file === "object");
    assert.equal(file.given.filename, "a.txt");
    assert.equal(file.given.content_type, "text/plain");
  });
});
