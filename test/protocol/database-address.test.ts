import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  isDatabaseAddress,
  parseDatabaseAddress,
  passwordIn,
  shownAddress,
} from "../../src/protocol/database-address.ts";

const PLAIN = {
  user: "bot",
  password: undefined,
  database: "bots",
  sslmode: "disable",
  sslrootcert: undefined,
  sslcert: undefined,
  sslkey: undefined,
  connectTimeout: 3000,
};

describe("the address of a database", () => {
  test("an inbox that begins with postgres:// or postgresql:// is a database", () => {
    for (const inbox of ["postgres://db/bots", "PostgreSQL://db/bots"]) assert.ok(isDatabaseAddress(inbox), inbox);
    for (const inbox of ["bot.sqlite", "/postgres://db", false, undefined]) assert.ok(!isDatabaseAddress(inbox));
  });

  test("an address has a host, and the port of PostgreSQL without one of its own", () => {
    assert.deepEqual(parseDatabaseAddress("postgres://bot@db/bots"), { ...PLAIN, hosts: [{ host: "db", port: 5432 }] });
  });

  test("an address has several hosts, also of IPv6, a password and parameters", () => {
    const text =
      "postgresql://b%40t:p%3Aw@db1,[::1]:5433,10.0.0.3:6000/my%20bots?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=10";
    assert.deepEqual(parseDatabaseAddress(text), {
      ...PLAIN,
      hosts: [
        { host: "db1", port: 5432 },
        { host: "::1", port: 5433 },
        { host: "10.0.0.3", port: 6000 },
      ],
      user: "b@t",
      password: "p:w",
      database: "my bots",
      sslmode: "verify-full",
      sslrootcert: "/ca.pem",
      connectTimeout: 10_000,
    });
  });

  for (const [text, reason] of [
    ["postgres://bot@db", /postgres:\/\/user@host\/database/],
    ["postgres://bot:secret-word@/bots", /postgres:\/\/user@host\/database/],
    ["postgres://bot:secret-word@db:99999/bots", /host1,host2:5433/],
    ["postgres://bot:secret-word@db,,db2/bots", /host1,host2:5433/],
    [
      "postgres://bot:secret-word@db/bots?sslmode=perhaps",
      /sslmode is one of disable, require, verify-ca, verify-full/,
    ],
    ["postgres://bot:secret-word@db/bots?connect_timeout=0", /connect_timeout is a number of seconds, up to 600/],
    ["postgres://bot:secret-word@db/bots?connect_timeout=soon", /connect_timeout is a number of seconds, up to 600/],
    ["postgres://bot:secret-word@db/bots?target=any", /no parameter target: there are sslmode/],
    ["postgres://bot:100%secret-word@db/bots", /written %25/],
    ["postgres://bot:12/secret-word@db", /\/ is written %2F, \? %3F, # %23 and @ %40/],
    ["postgres://bot:1/2?secret-word@db/bots", /\/ is written %2F/],
    ["postgres://bot:p#secret-word@db/bots", /# %23/],
    ["postgres://bot:p@secret-word@db/bots", /@ %40/],
  ] as const) {
    test(`the address ${text} is refused, without a word of the password`, () => {
      assert.throws(
        () => parseDatabaseAddress(text, "ASGIGRAM_INBOX"),
        (error: Error) => {
          assert.match(error.message, reason);
          assert.match(error.message, /^the address in ASGIGRAM_INBOX /);
          assert.ok(![error.message, shownAddress(text)].join().includes("secret-word"));
          return true;
        },
      );
    });
  }

  test("an address is shown by its hosts and its database alone", () => {
    assert.equal(shownAddress("postgres://bot:pw@a,b:1/bots?sslmode=require"), "postgres://a,b:1/bots");
    assert.equal(shownAddress("postgres://bot:pw"), "postgres://…");
  });

  test("the password of an address is found", () => {
    assert.equal(passwordIn("postgres://bot:p%3Aw@db/bots"), "p%3Aw");
    for (const none of ["postgres://bot@db/bots", "postgres://bot:@db/bots", "bot.sqlite", false]) {
      assert.equal(passwordIn(none), undefined);
    }
  });
});
