import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT_CODES, exitCodeFor, KILLED } from "../../src/cli/exit-codes.ts";
import * as errors from "../../src/protocol/errors.ts";

/** Errors that are raised in the application, which handles them. */
const INSIDE = [
  "ASGIGRAM_INVALID_EVENT",
  "ASGIGRAM_DISCONNECTED",
  "ASGIGRAM_RECEIVE",
  "ASGIGRAM_FILE",
  "ASGIGRAM_NO_DELIVERY",
  "ASGIGRAM_QUEUE_FULL",
  "ASGIGRAM_JOB_CRASHED",
  "ASGIGRAM_RETRY_LATER",
  "ASGIGRAM_FOREIGN_KEY",
];

test("every error that can end the process has one exit code", () => {
  const classes = Object.values(errors).filter((one) => one !== errors.AsgigramError) as (new (
    ...facts: never[]
  ) => Error)[];
  const codes = classes
    .map((Class) => (new Class() as errors.AsgigramError).code)
    .filter((code) => !INSIDE.includes(code));
  assert.deepEqual(EXIT_CODES.flatMap((row) => row.codes).toSorted(), codes.toSorted());
  for (const code of codes) assert(exitCodeFor({ code }) > 1, code);
});

test("any other error is an unexpected failure", () => {
  for (const error of [new Error("x"), { code: "ENOENT" }, null, undefined, "x"]) assert.equal(exitCodeFor(error), 1);
});

test("each exit code is listed once, in order", () => {
  const own = EXIT_CODES.map(({ exit }) => exit).filter((exit) => exit !== KILLED);
  assert.deepEqual(
    own,
    own.map((_, i) => i),
  );
});
