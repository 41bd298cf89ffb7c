import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { plainOf } from "../../workers/plain-data.ts";

/** plainOf() with no files. */
const plainFor = (value: unknown, path: string) => plainOf(value, path, { standIn: () => undefined });

const refusal = (value: unknown, path = "at"): InvalidEventError => {
  try {
    plainFor(value, path);
  } catch (error) {
    assert.ok(error instanceof InvalidEventError, String(error));
    return error;
  }
  return assert.fail("no error was thrown");
};

const nested = (levels: number): object => (levels === 0 ? {} : { down: nested(levels - 1) });

suite("plain data", () => {
  test("any JSON value passes", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(plainFor(value, "at"), value)));
  });

  test("a value that passes is the same after a round trip through JSON", () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true }), (value) => {
        try {
          plainFor(value, "at");
        } catch {
          return;
        }
        const back = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
        assert.deepEqual(withoutUndefined(back), withoutUndefined(value));
      }),
    );
  });

  test("a key that is undefined passes", () => assert.ok(plainFor({ a: undefined }, "at")));

  test("objects without a prototype, frozen objects and objects of a class pass", () => {
    class Keyboard {
      inline_keyboard = [[{ text: "Go", callback_data: "go" }]];
    }
    plainFor(Object.assign(Object.create(null), { a: 1 }), "at");
    plainFor(Object.freeze([Object.freeze({ a: 1 })]), "at");
    plainFor(new Keyboard(), "at");
  });

  test("an object with toJSON passes", () => {
    plainFor({ toJSON: () => ({ inline_keyboard: [] }) }, "at");
  });

  test("an object that is there twice passes", () => {
    const button = { text: "Go" };
    plainFor([button, [button]], "at");
  });

  test("64 levels pass", () => assert.ok(plainFor(nested(63), "at")));
});

suite("other values", () => {
  for (const [what, value, said] of [
    ["a function", () => {}, "a function"],
    ["a symbol", Symbol("x"), "a symbol"],
    ["a bigint", 1n, "a bigint"],
    ["NaN", Number.NaN, "NaN, which is no finite number"],
    ["infinity", Number.NEGATIVE_INFINITY, "-Infinity, which is no finite number"],
    ["a Map", new Map(), "a Map"],
    ["a Set", new Set(), "a Set"],
    ["a Date", new Date(0), "a Date"],
    ["a RegExp", /x/, "a RegExp"],
    ["a Promise", Promise.resolve(), "a Promise"],
    ["a boxed string", Object("x"), "a String"],
    ["an Error", new TypeError("x"), "a TypeError"],
  ] as const) {
    test(`${what} is refused by name`, () => {
      assert.equal(refusal(value).message, `"at" is ${said}; events hold plain data and files only`);
      assert.equal(refusal(value).key, "at");
    });
  }

  test("a wrong value is refused with its path", () => {
    const markup = { inline_keyboard: [[{ text: "a" }], [{ text: "b" }, { text: "c", extra: { deep: () => {} } }]] };
    assert.equal(refusal(markup, "reply_markup").key, "reply_markup.inline_keyboard[1][1].extra.deep");
  });

  test("undefined in a list is refused: JSON would change it to null", () => {
    assert.equal(refusal([["a", undefined]]).message, '"at[0][1]" is undefined; events hold plain data and files only');
    assert.equal(refusal(Array(2)).key, "at[0]");
  });

  test("a value from toJSON that is not plain is refused", () => {
    assert.equal(refusal({ toJSON: () => Number.NaN }).key, "at");
    assert.equal(refusal({ a: { toJSON: () => ({ b: 1n }) } }).key, "at.a.b");
  });

  test("a cycle is refused", () => {
    const cyclic: { down: { up?: object } } = { down: {} };
    cyclic.down.up = cyclic;
    assert.equal(
      refusal(cyclic).message,
      '"at.down.up" is a reference to an object that contains it (a cycle); events hold plain data and files only',
    );
    const list: unknown[] = [];
    list.push(list);
    assert.equal(refusal(list).key, "at[0]");
    const endless = { toJSON: () => endless };
    assert.equal(refusal(endless).key, "at");
  });

  test("more than 64 levels are refused", () => {
    assert.match(refusal(nested(64)).message, /is nested more than 64 levels deep/);
    assert.match(refusal(nested(5000)).message, /is nested more than 64 levels deep/);
  });
});

/** Keys that are undefined count as absent, -0 is 0, and JSON has ordinary objects only. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutUndefined(member)]));
}
