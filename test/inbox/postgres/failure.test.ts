import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inboxError, isPassing } from "../../../src/inbox/postgres/failure.ts";
import { InboxError } from "../../../src/protocol/errors.ts";

const failure = (code: string | undefined, message = "it failed") => Object.assign(new Error(message), { code });

describe("a failure of the database", () => {
  for (const code of [
    "08006",
    "40001",
    "40P01",
    "53100",
    "53300",
    "57P01",
    "57P03",
    "25006",
    "25P03",
    "ECONNREFUSED",
    "ENOTFOUND",
  ]) {
    test(`${code} passes`, () => assert.ok(isPassing(failure(code))));
  }
  for (const message of [
    "Connection terminated unexpectedly",
    "timeout expired",
    "Client was closed and is not queryable",
  ]) {
    test(`"${message}", which has no code, passes`, () => assert.ok(isPassing(failure(undefined, message))));
  }
  for (const code of ["42P01", "42501", "3F000", "22P02", "23505"]) {
    test(`${code} does not pass`, () => assert.ok(!isPassing(failure(code))));
  }

  test("a log-in that is refused passes in use, where the password may be about to change, and not at the start", () => {
    assert.ok(isPassing(failure("28P01"), true));
    assert.ok(!isPassing(failure("28P01"), false));
  });

  test("an error of ours, or of the code, does not pass", () => {
    assert.ok(!isPassing(new InboxError("no")));
    assert.ok(!isPassing(new TypeError("x is not a function")));
  });

  for (const [code, message, words] of [
    [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.1", user "bot", database "bots", no encryption',
      /without TLS: add \?sslmode=verify-full/,
    ],
    ["53300", "sorry, too many clients already", /has no connection left.*needs four/],
    ["53100", "could not extend file", /the disk of the database is full/],
    ["42P01", 'relation "asgigram_1.event" does not exist', /has lost its tables/],
    ["25006", "db2 is a standby", /cannot be written: db2 is a standby; name the primary, or all hosts/],
    ["XX999", "strange", /failed: strange/],
  ] as const) {
    test(`${code} is told with its remedy`, () => {
      const error = inboxError(failure(code, message), "postgres://db/bots");
      assert.match(error.message, words);
      assert.ok(error.message.startsWith("the inbox in postgres://db/bots "));
    });
  }
});
