import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { explain } from "../../src/protocol/explain.ts";

test("an error is told by its message, with the stack of the application's own error below it, and no other cause", () => {
  assert.equal(
    explain(new ApplicationLoadError("it threw", { cause: "Error: x\n    at y" })),
    "it threw\nError: x\n    at y",
  );
  assert.equal(explain(new ApplicationLoadError("it threw", { cause: new Error("x") })), "it threw");
  assert.equal(explain(new Error("it threw")), "it threw");
});
