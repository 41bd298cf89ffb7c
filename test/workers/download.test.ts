import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { refuseUnlessDownload } from "../../workers/download.ts";

test("a download names one file, and a known form", () => {
  for (const event of [
    { file_id: "x" },
    { file_path: "photos/file_1.jpg" },
    { file_path: "a..b/..c/d.." },
    { file_id: "x", as: "bytes" },
    { file_id: "x", as: "stream" },
    { file_id: "x", as: "path" },
    { file_id: "x", as: "path", to: "x.jpg" },
  ]) {
    refuseUnlessDownload(event);
  }
});

test("a wrong download is refused, with the name of the key", () => {
  const refusals: [event: Record<string, unknown>, key: string][] = [
    [{}, "file_id"],
    [{ file_id: "x", file_path: "y" }, "file_id"],
    [{ file_id: "" }, "file_id"],
    [{ file_id: 5 }, "file_id"],
    [{ file_path: {} }, "file_path"],
    [{ file_path: "../bot1:x/getMe" }, "file_path"],
    [{ file_path: "a/../../b" }, "file_path"],
    [{ file_path: "a/.." }, "file_path"],
    [{ file_id: "x", as: "text" }, "as"],
    [{ file_id: "x", to: "y" }, "to"],
    [{ file_id: "x", as: "stream", to: "y" }, "to"],
    [{ file_id: "x", as: "path", to: "" }, "to"],
  ];
  for (const [event, key] of refusals) {
    assert.throws(
      () => refuseUnlessDownload(event),
      (error) => error instanceof InvalidEventError && error.key === key,
      JSON.stringify(event),
    );
  }
});
