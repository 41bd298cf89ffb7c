import assert from "node:assert/strict";
import { test } from "node:test";
import { Given } from "../../src/config/option-layers.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

function givenIn(...layers: { readonly [key: string]: unknown }[]): Given {
  const given = new Given("/srv");
  for (const [i, layer] of layers.entries()) given.add(layer, (key) => `${key} in layer ${i}`);
  return given;
}

test("the first layer that has an option counts, and the default where none has", () => {
  const given = givenIn({ workers: undefined }, { workers: "2" }, { workers: 3, maxAttempts: 5 });
  assert.equal(given.read("workers"), 2);
  assert.equal(given.read("maxAttempts"), 5);
  assert.equal(given.read("shutdownTimeout"), 8);
  assert.equal(given.find("lifespan"), undefined);
});

test("off in a higher layer hides a value in a lower one", () => {
  assert.equal(givenIn({ inbox: false }, { inbox: "x.sqlite" }).read("inbox"), false);
});

test("of two options that settle the same thing, the higher layer counts", () => {
  const given = givenIn({ tokenFile: "a" }, { token: "b" });
  assert.equal(given.findEither("token", "tokenFile")?.key, "tokenFile");
  assert.equal(given.findEither("logLevel", "verbosity"), undefined);
});

test("two options that settle the same thing in one layer are an error", () => {
  assert.throws(
    () => givenIn({ token: "a", tokenFile: "b" }).findEither("token", "tokenFile"),
    new ConfigError("token in layer 0 and tokenFile in layer 0 settle the same thing: keep one of them"),
  );
});

test("an option that does not exist is an error, with a guess at what was meant", () => {
  assert.throws(
    () => givenIn({ wrokers: 1 }),
    new ConfigError("unknown option wrokers in layer 0; did you mean workers?"),
  );
  assert.throws(
    () => givenIn({ constructor: 1 }),
    /unknown option constructor in layer 0; asgigram --help lists them all/,
  );
});
