import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OPTION_KEYS, type Option, optionAt } from "../../src/config/options.ts";
import { expected, readValue } from "../../src/config/value.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

const option = (facts: Partial<Option> & Pick<Option, "type">): Option => ({ help: "", group: "", ...facts });
const read = (facts: Parameters<typeof option>[0], raw: unknown) => readValue(option(facts), raw, "--it", "/srv");
const refuses = (facts: Parameters<typeof option>[0], raws: unknown[], message: RegExp) => {
  for (const raw of raws) {
    assert.throws(
      () => read(facts, raw),
      (error) => error instanceof ConfigError && message.test(error.message),
      `${String(raw)} should be refused`,
    );
  }
};

test("a whole number is read from text and from a number, within its bounds", () => {
  const facts = { type: "integer", min: 1, max: 256 } as const;
  assert.equal(read(facts, "1"), 1);
  assert.equal(read(facts, " 256 "), 256);
  assert.equal(read(facts, 4), 4);
  const raws = [
    "0",
    257,
    "-3",
    "4.5",
    4.5,
    "0x10",
    "1e2",
    "four",
    "4 5",
    "",
    true,
    false,
    null,
    [],
    {},
    Number.NaN,
    4n,
  ];
  refuses(facts, raws, /^--it (is .*: it must be|needs a value:) a whole number from 1 to 256$/);
});

test("a number may have a fraction and tells its unit", () => {
  const facts = { type: "number", unit: "seconds", min: 0 } as const;
  assert.equal(read(facts, "0.5"), 0.5);
  assert.equal(read(facts, ".5"), 0.5);
  refuses(facts, ["8s", "Infinity", Number.POSITIVE_INFINITY, "1,5"], /it must be a number of seconds, at least 0$/);
  refuses({ type: "integer", unit: "megabytes", max: 9 }, ["5MB"], /it must be a whole number of megabytes up to 9$/);
});

test("an option that can be off is off for off, no and false, and says so", () => {
  const facts = { type: "integer", min: 1, canBeOff: true } as const;
  for (const raw of ["off", "no", "false", false]) assert.equal(read(facts, raw), false);
  refuses(facts, ["0", "never"], /it must be a whole number, at least 1, or off$/);
});

test("yes and no are understood in the usual words", () => {
  for (const raw of [true, "1", "true", "yes", "on", "YES"]) assert.equal(read({ type: "boolean" }, raw), true);
  for (const raw of [false, "0", "false", "no", "off", "No"]) assert.equal(read({ type: "boolean" }, raw), false);
  refuses({ type: "boolean" }, ["maybe", 2, null, []], /it must be yes or no$/);
});

test("a choice is one of its words", () => {
  const facts = { type: "choice", choices: ["auto", "on", "off"] } as const;
  assert.equal(read(facts, "off"), "off");
  refuses(facts, ["Auto", "of", false], /it must be one of auto, on, off$/);
});

test("a choice of numbers may be written as a number", () => {
  assert.equal(read({ type: "choice", choices: ["auto", "4"] }, 4), "4");
});

test("an address to listen on is a port, or a host and a port", () => {
  const facts = { type: "address" } as const;
  assert.equal(read(facts, "8082"), "127.0.0.1:8082");
  assert.equal(read(facts, 8082), "127.0.0.1:8082");
  assert.equal(read(facts, ":8082"), "[::]:8082");
  assert.equal(read(facts, "my-host.example:0"), "my-host.example:0");
  assert.equal(read(facts, "[::1]:80"), "[::1]:80");
  refuses(
    facts,
    ["x", "1.2.3.4", "a:b", "::1:80", "a:65536", "-1", true, "a b:1"],
    /it must be an address to listen on/,
  );
});

test("a proxy is a URL of one of three kinds, and its password is not shown", () => {
  const facts = { type: "proxy", canBeOff: true } as const;
  assert.equal(read(facts, "http://user:pass@host:3128/"), "http://user:pass@host:3128");
  assert.equal(read(facts, "socks5://[::1]:1080"), "socks5://[::1]:1080");
  assert.equal(read(facts, "socks5h://host"), "socks5h://host");
  assert.equal(read(facts, "off"), false);
  refuses(
    facts,
    ["host:3128", "socks4://h:1", "http://h:1/path", "http://h:1?x=1", "http://"],
    /must be a proxy's URL/,
  );
  assert.throws(
    () => read(facts, "ftp://user:secret@host:1"),
    (error: Error) => !error.message.includes("secret"),
  );
});

test("a path is made absolute", () => {
  assert.equal(read({ type: "path" }, "x/y.sqlite"), "/srv/x/y.sqlite");
  assert.equal(read({ type: "path" }, "/y"), "/y");
  refuses({ type: "path" }, ["a\0b", 3, true], /it must be a path$/);
});

test("an API address keeps its path and loses its last slash", () => {
  const facts = { type: "url", example: "https://bot.example.com" } as const;
  assert.equal(read(facts, "https://api.telegram.org"), "https://api.telegram.org");
  assert.equal(read(facts, "http://localhost:8081/tg//"), "http://localhost:8081/tg");
  const raws = ["api.telegram.org", "ftp://x", "https://", "http://u:p@x", "http://x?y", "http://x#y", 3];
  refuses(facts, raws, /it must be an http or https URL, such as https:\/\/bot\.example\.com, without/);
});

test("a list is split at commas, without blanks and repetitions, and accepts unknown words", () => {
  const facts = { type: "list" } as const;
  assert.deepEqual(read(facts, "message, poll,,message"), ["message", "poll"]);
  assert.deepEqual(read(facts, ["message", "some_newer_kind"]), ["message", "some_newer_kind"]);
  refuses(facts, [",", [], ["Message"], "call back", [3], 3], /it must be update kinds separated by commas/);
});

test("the message names the option and the value, and every type describes its valid values", () => {
  assert.throws(() => read({ type: "path" }, ""), { message: "--it needs a value: a path" });
  assert.throws(() => read({ type: "integer" }, "x"), { message: '--it is "x": it must be a whole number' });
  for (const key of OPTION_KEYS) assert.match(expected(optionAt(key)), /^\w/);
});

test("any text is read or refused", () => {
  fc.assert(
    fc.property(fc.constantFrom(...OPTION_KEYS), fc.oneof(fc.string(), fc.anything()), (key, raw) => {
      try {
        assert.notEqual(readValue(optionAt(key), raw, "--it", "/srv"), undefined);
      } catch (error) {
        assert(error instanceof ConfigError, String(error));
        assert.match(error.message, /^--it /);
      }
    }),
  );
});

test("a value that was read is read again as the same value", () => {
  fc.assert(
    fc.property(fc.constantFrom(...OPTION_KEYS), fc.oneof(fc.string(), fc.double(), fc.integer()), (key, raw) => {
      try {
        const value = readValue(optionAt(key), raw, "--it", "/srv");
        assert.deepEqual(readValue(optionAt(key), value, "--it", "/srv"), value);
      } catch (error) {
        assert(error instanceof ConfigError);
      }
    }),
  );
});
