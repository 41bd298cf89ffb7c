import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { kindOfValue, refuseUnlessPlain } from "../../workers/plain-data.ts";

const refusal = (value: unknown, path = "at"): InvalidEventError => {
  try {
    refuseUnlessPlain(value, path);
  } catch (error) {
    assert.ok(error instanceof InvalidEventError, String(error));
    return error;
  }
  return assert.fail("it was taken for plain data");
};

const nested = (levels: number): object => (levels === 0 ? {} : { down: nested(levels - 1) });

suite("plain data passes", () => {
  test("whatever JSON can hold", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => refuseUnlessPlain(value, "at")));
  });

  test("what JSON reads back as it was", () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true }), (value) => {
        try {
          refuseUnlessPlain(value, "at");
        } catch {
          return;
        }
        const back = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
        assert.deepEqual(withoutUndefined(back), withoutUndefined(value));
      }),
    );
  });

  test("keys that are undefined", () => refuseUnlessPlain({ a: undefined }, "at"));

  test("objects without a prototype, frozen ones, and those of a class", () => {
    class Keyboard {
      inline_keyboard = [[{ text: "Go", callback_data: "go" }]];
    }
    refuseUnlessPlain(Object.assign(Object.create(null), { a: 1 }), "at");
    refuseUnlessPlain(Object.freeze([Object.freeze({ a: 1 })]), "at");
    refuseUnlessPlain(new Keyboard(), "at");
  });

  test("an object that says by toJSON what it stands for", () => {
    refuseUnlessPlain({ toJSON: () => ({ inline_keyboard: [] }) }, "at");
  });

  test("the same object twice, side by side", () => {
    const button = { text: "Go" };
    refuseUnlessPlain([button, [button]], "at");
  });

  test("64 levels", () => refuseUnlessPlain(nested(63), "at"));
});

suite("everything else is refused by name", () => {
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
    test(what, () => {
      assert.equal(refusal(value).message, `"at" is ${said}; events hold plain data only`);
      assert.equal(refusal(value).key, "at");
    });
  }

  for (const [what, value, said] of [
    ["bytes", new Uint8Array(2), "a Uint8Array"],
    ["a Buffer", Buffer.from("x"), "a Buffer"],
    ["an ArrayBuffer", new ArrayBuffer(2), "an ArrayBuffer"],
    ["a Blob", new Blob([]), "a Blob"],
    ["a File", new File([], "x"), "a File"],
    ["a URL", new URL("https://example.com"), "a URL"],
    ["a stream", new ReadableStream(), "a ReadableStream"],
  ] as const) {
    test(`${what}, with what to pass in its place`, () => {
      const { message } = refusal(value);
      assert.equal(
        message,
        `"at" is ${said}: files cannot be uploaded yet; pass a file_id or a URL as a string; events hold plain data only`,
      );
    });
  }

  test("by the path to it", () => {
    const markup = { inline_keyboard: [[{ text: "a" }], [{ text: "b" }, { text: "c", extra: { deep: () => {} } }]] };
    assert.equal(refusal(markup, "reply_markup").key, "reply_markup.inline_keyboard[1][1].extra.deep");
  });

  test("a member of a list that is undefined, which JSON would make null", () => {
    assert.equal(refusal([["a", undefined]]).message, '"at[0][1]" is undefined; events hold plain data only');
    assert.equal(refusal(Array(2)).key, "at[0]");
  });

  test("what toJSON gives, if that is not plain", () => {
    assert.equal(refusal({ toJSON: () => Number.NaN }).key, "at");
    assert.equal(refusal({ a: { toJSON: () => ({ b: 1n }) } }).key, "at.a.b");
  });

  test("a cycle", () => {
    const cyclic: { down: { up?: object } } = { down: {} };
    cyclic.down.up = cyclic;
    assert.equal(
      refusal(cyclic).message,
      '"at.down.up" is a reference to an object that contains it (a cycle); events hold plain data only',
    );
    const list: unknown[] = [];
    list.push(list);
    assert.equal(refusal(list).key, "at[0]");
    const endless = { toJSON: () => endless };
    assert.equal(refusal(endless).key, "at");
  });

  test("more than 64 levels", () => {
    assert.match(refusal(nested(64)).message, /is nested more than 64 levels deep/);
    assert.match(refusal(nested(5000)).message, /is nested more than 64 levels deep/);
  });
});

test("a value is named so that its author recognises it", () => {
  class Bot {}
  const names: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [[1], "an array"],
    ["x".repeat(50), `the string "${"x".repeat(40)}"`],
    [5, "a number"],
    [true, "a boolean"],
    [{}, "an Object"],
    [Object.create(null), "an object"],
    [new Bot(), "a Bot"],
    [new (class {})(), "an object"],
    [() => {}, "a function"],
  ];
  for (const [value, name] of names) assert.equal(kindOfValue(value), name);
});

/** Keys that are undefined count as absent, -0 is 0, and JSON has ordinary objects only. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutUndefined(member)]));
}
