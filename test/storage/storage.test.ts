import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import { provide, type Services } from "../../src/protocol/services.ts";
import { createStorage, store } from "../../src/storage/storage.ts";

/** A thread in which a server runs. @returns what its code asks for */
function serve(values: Map<string, string> | undefined): unknown[][] {
  const asked: unknown[][] = [];
  const access = values && {
    async get(key: string, refusesForeign: boolean) {
      asked.push(["get", key, refusesForeign]);
      return values.get(key);
    },
    async set(key: string, json: string | undefined, refusesForeign: boolean) {
      asked.push(["set", key, json, refusesForeign]);
    },
  };
  provide({ ...(access && { values: access }) } as unknown as Services);
  return asked;
}

afterEach(() => provide(undefined as unknown as Services));

test("without a server values are kept in memory, and one warning says so", async () => {
  const warning = once(process, "warning");
  await store.set("a", { n: 1, date: new Date(0) });
  const [{ code, message }] = await warning;
  assert.deepEqual([code, /memory.*run the bot with asgigram/.test(message)], ["ASGIGRAM_STORAGE", true]);
  let warnings = 0;
  process.on("warning", () => (warnings += 1));
  assert.deepEqual(await store.get("a"), { n: 1, date: "1970-01-01T00:00:00.000Z" });
  assert.deepEqual(await createStorage().read("a"), await store.get("a"));
  assert.equal(await store.get("b"), undefined);
  await store.delete("a");
  assert.equal(await store.get("a"), undefined);
  await new Promise(setImmediate);
  assert.equal(warnings, 0);
});

test("a value that was read is a copy: what the code changes is stored by set() alone", async () => {
  await store.set("a", { list: [1] });
  (await store.get<{ list: number[] }>("a"))!.list.push(2);
  assert.deepEqual(await store.get("a"), { list: [1] });
});

test("under a server its values are asked, by the names of all libraries, with the prefix and the option", async () => {
  const asked = serve(new Map([["p/a", "[1]"]]));
  const storage = createStorage({ prefix: "p/", foreign: "refuse" });
  assert.deepEqual([await storage.get("a"), await storage.read("a"), await storage.get("b")], [[1], [1], undefined]);
  await storage.set("a", null);
  await storage.write("a", "é");
  await storage.delete("a");
  await createStorage({ foreign: "last-write-wins" }).get("a");
  assert.deepEqual(asked, [
    ["get", "p/a", true],
    ["get", "p/a", true],
    ["get", "p/b", true],
    ["set", "p/a", "null", true],
    ["set", "p/a", '"é"', true],
    ["set", "p/a", undefined, true],
    ["get", "a", false],
  ]);
});

test("a write that is not awaited has the value of its moment", async () => {
  const asked = serve(new Map());
  const value = { n: 1 };
  const written = store.set("a", value);
  value.n = 2;
  await written;
  assert.deepEqual(asked, [["set", "a", '{"n":1}', false]]);
});

test("a key is a text of at most 2,500 bytes, with its prefix, and has no NUL", async () => {
  for (const key of ["", 7, undefined]) await assert.rejects(store.get(key as string), TypeError);
  const tooLong = { name: "RangeError", message: /at most 2500 bytes/ };
  await assert.rejects(createStorage({ prefix: "p".repeat(1500) }).delete("k".repeat(1001)), tooLong);
  await assert.rejects(store.get("会".repeat(834)), tooLong);
  await store.set("k".repeat(2500), 1);
  await store.set("会".repeat(833), 1);
  const withNul = { name: "RangeError", message: /has no character NUL/ };
  await assert.rejects(store.get("x\0y"), withNul);
  await assert.rejects(createStorage({ prefix: "x\0" }).set("y", 1), withNul);
});

test("a value can be written as JSON, and has at most 1 MB of it", async () => {
  await assert.rejects(store.set("a", undefined), { name: "TypeError", message: /"a".*JSON; delete\(\) removes one/ });
  await assert.rejects(
    store.set("a", () => {}),
    TypeError,
  );
  await assert.rejects(store.set("a", 1n), TypeError);
  const most = 1024 * 1024 - 2;
  await store.set("a", "x".repeat(most));
  await assert.rejects(store.set("a", "x".repeat(most + 1)), { name: "RangeError", message: /"a" is 1025 KB.*1 MB/ });
  await assert.rejects(store.set("a", "€".repeat(400_000)), RangeError);
});

test("in a heavy thread there are none, and the error has the remedy", async () => {
  serve(undefined);
  await assert.rejects(store.get("a"), /heavy thread: pass the value as an argument/);
  await assert.rejects(store.set("a", 1), /heavy thread/);
});

test("a wrong option is refused", () => {
  const wrong: [object, RegExp][] = [
    [{ foreign: "yes" }, /foreign is "last-write-wins" or "refuse", not "yes"/],
    [{ prefix: 7 }, /prefix is a text, not 7/],
    [{ ttl: 7 }, /no option "ttl"/],
  ];
  for (const [options, message] of wrong) assert.throws(() => createStorage(options), { name: "TypeError", message });
});
