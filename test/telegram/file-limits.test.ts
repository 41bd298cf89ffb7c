import assert from "node:assert/strict";
import { test } from "node:test";
import { fileLimits, tooLarge } from "../../src/telegram/file-limits.ts";

const MEGABYTE = 1024 * 1024;

test("a file may be as large as its limit", () => {
  for (const isLocal of [false, true]) {
    const limits = fileLimits(isLocal);
    for (const kind of ["upload", "photo", "download"] as const) {
      assert.equal(tooLarge(limits[kind], kind, limits), undefined);
    }
  }
});

test("a larger file is refused with its size, the limit and the remedy", () => {
  const local = fileLimits(true);
  const others = fileLimits(false);
  assert.equal(
    tooLarge(50 * MEGABYTE + 1, "upload", others),
    "a file of 52428801 bytes is more than the 50 MB that a bot may send; a Bot API server of your own, run with --local, " +
      "takes 2000 MB (--api-url and --local here)",
  );
  assert.match(
    tooLarge(20 * MEGABYTE + 1, "download", others)!,
    /20 MB that a bot may fetch; .* --local, has no limit/,
  );
  assert.match(tooLarge(10 * MEGABYTE + 1, "photo", others)!, /10 MB that a photo may have; send it as a document/);
  assert.match(tooLarge(10 * MEGABYTE + 1, "photo", local)!, /10 MB/);
  assert.match(tooLarge(2000 * MEGABYTE + 1, "upload", local)!, /2000 MB that a bot may send$/);
  assert.equal(tooLarge(1e12, "download", local), undefined);
});
