import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { explain } from "../../src/protocol/explain.ts";

test("explain() gives the message, then a cause that is text (the application's stack), and no other cause", () => {
  assert.equal(
    explain(new ApplicationLoadError("it threw", { cause: "Error: x\n    at y" })),
    "it threw\nError: x\n    at y",
  );
  assert.equal(explain(new ApplicationLoadError("it threw", { cause: new Error("x") })), "it threw");
  assert.equal(explain(new Error("it threw")), "it threw");
});
