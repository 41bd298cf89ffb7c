import assert from "node:assert/strict";
import { test } from "node:test";
import { OptionLayers } from "../../src/config/option-layers.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

function layersOf(...all: { readonly [key: string]: unknown }[]): OptionLayers {
  const layers = new OptionLayers("/srv");
  for (const [i, layer] of all.entries()) layers.add(layer, (key) => `${key} in layer ${i}`);
  return layers;
}

test("the first layer with an option takes precedence, then the default", () => {
  const layers = layersOf({ workers: undefined }, { workers: "2" }, { workers: 3, maxAttempts: 5 });
  assert.equal(layers.read("workers"), 2);
  assert.equal(layers.read("maxAttempts"), 5);
  assert.equal(layers.read("shutdownTimeout"), 8);
  assert.equal(layers.find("lifespan"), undefined);
});

test("off in a higher layer hides a value in a lower one", () => {
  assert.equal(layersOf({ inbox: false }, { inbox: "x.sqlite" }).read("inbox"), false);
});

test("of two options that set the same thing, the one in the higher layer takes precedence", () => {
  const layers = layersOf({ tokenFile: "a" }, { token: "b" });
  assert.equal(layers.findEither("token", "tokenFile")?.key, "tokenFile");
  assert.equal(layers.findEither("logLevel", "verbosity"), undefined);
});

test("two options that set the same thing in one layer are an error", () => {
  assert.throws(
    () => layersOf({ token: "a", tokenFile: "b" }).findEither("token", "tokenFile"),
    new ConfigError("token in layer 0 and tokenFile in layer 0 set the same thing: keep one of them"),
  );
});

test("an unknown option is an error with a guess", () => {
  assert.throws(
    () => layersOf({ wrokers: 1 }),
    new ConfigError("unknown option wrokers in layer 0; did you mean workers?"),
  );
  assert.throws(
    () => layersOf({ constructor: 1 }),
    /unknown option constructor in layer 0; asgigram --help lists them all/,
  );
});
