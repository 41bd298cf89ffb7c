import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Ajv } from "ajv";
import fc from "fast-check";
import { OPTION_KEYS, type OptionKey, optionAt } from "../../src/config/options.ts";
import { type ResolvedSettings, resolveSettings } from "../../src/config/settings.ts";
import { ConfigError } from "../../src/protocol/errors.ts";
import { UPDATE_KINDS } from "../../src/protocol/route.ts";

const folder = mkdtempSync(join(tmpdir(), "asgigram-schema-"));
after(() => rmSync(folder, { recursive: true }));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, "1:abc", { mode: 0o600 });

const schema = JSON.parse(readFileSync(new URL("../../config.schema.json", import.meta.url), "utf8"));
const accepts = new Ajv().addVocabulary(["allowComments", "allowTrailingCommas"]).compile(schema);

/** The settings of a file, or the error. */
async function resolved(options: unknown): Promise<ResolvedSettings | ConfigError> {
  const config = join(folder, "conf.json");
  writeFileSync(config, JSON.stringify(options));
  return resolveSettings({ options: { config }, env: {}, cwd: "/srv" }).catch((error) => {
    assert(error instanceof ConfigError, String(error));
    return error;
  });
}

const KEYS = OPTION_KEYS.filter((key) => optionAt(key).notInFile === undefined);

/** Values that may be valid for the option. */
function valuesFor(key: OptionKey): fc.Arbitrary<unknown> {
  // A token's file is also read.
  if (key === "tokenFile") return fc.oneof(fc.constant(tokenFile), fc.integer(), fc.constantFrom("", " ", null, true));
  const { type, choices = [], min = 0, max = 1e6, example } = optionAt(key);
  const words = [...choices, "", " ", "off", "yes", "4", "a.ts", "1:x", "[::1]:80", ":80", "80", "x:y"];
  const urls = ["http://a", "https://u:p@a:1", "socks5://[::1]:1/", "http://a/b?c", "ftp://a", "http://a/b/"];
  return fc.oneof(
    fc.constantFrom<unknown>(...words, ...urls, example, false, true, null, min, max, min - 1, max + 1, 1e300),
    type === "integer" ? fc.integer() : fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(fc.oneof(fc.constantFrom(...UPDATE_KINDS), fc.string()), { maxLength: 3 }),
    fc.string(),
    fc.jsonValue(),
  );
}

const files = fc.constantFrom(...KEYS).chain((key) => fc.record({ [key]: valuesFor(key) }));

test("the server accepts every file that the schema accepts", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(files, async (options) => {
      if (!accepts(JSON.parse(JSON.stringify(options)))) return;
      accepted += 1;
      const outcome = await resolved(options);
      assert(!(outcome instanceof ConfigError), outcome instanceof ConfigError ? outcome.message : "");
    }),
    { numRuns: 1000 },
  );
  assert(accepted > 20, `only ${accepted} files were accepted`);
});

test("the schema accepts every file that the server accepts, in its normal form", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(files, async (options) => {
      const outcome = await resolved(options);
      if (outcome instanceof ConfigError) return;
      accepted += 1;
      const { settings } = outcome;
      const file = Object.fromEntries(Object.keys(options).map((key) => [key, settings[key as OptionKey].value]));
      assert(accepts(JSON.parse(JSON.stringify(file))), `${JSON.stringify(file)}: ${JSON.stringify(accepts.errors)}`);
    }),
    { numRuns: 1000 },
  );
  assert(accepted > 20, `only ${accepted} files were accepted`);
});

test("the schema refuses options that are not allowed in the file, unknown options, and two options for one setting", () => {
  for (const options of [{ token: "1:a" }, { config: "x" }, { wrokers: 2 }, { logLevel: "info", verbosity: 1 }, []]) {
    assert(!accepts(options), JSON.stringify(options));
  }
  assert(accepts({ $schema: "./node_modules/asgigram/config.schema.json" }));
});

test("the schema describes every option, and accepts its default and its examples", () => {
  assert.deepEqual(Object.keys(schema.properties), ["$schema", ...KEYS]);
  for (const key of KEYS) {
    const property = schema.properties[key];
    assert(property.description.startsWith(optionAt(key).help), key);
    for (const value of [property.default, ...(property.examples ?? [])]) {
      if (value !== undefined) assert(accepts({ [key]: value }), `${key}: ${value}`);
    }
  }
});

test("the schema refuses numbers, off and lists as text, which only the server accepts", async () => {
  for (const options of [{ workers: "4" }, { inbox: false, rateLimit: "off" }, { allowedUpdates: "message,poll" }]) {
    assert(!accepts(options));
    assert(!((await resolved(options)) instanceof ConfigError));
  }
});
