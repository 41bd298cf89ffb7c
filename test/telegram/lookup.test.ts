import assert from "node:assert/strict";
import dns, { type LookupAddress, type LookupOptions } from "node:dns";
import { describe, type TestContext, test } from "node:test";
import { NameLookup } from "../../src/telegram/lookup.ts";
import { isSettled } from "../settled.ts";

const ONE = { address: "192.0.2.1", family: 4 };
const TWO = { address: "192.0.2.2", family: 4 };
const SIX = { address: "2001:db8::1", family: 6 };

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** A cache, its clock, and the lookups of the system, which wait for the test to answer them. */
function start(t: TestContext) {
  const asked: { name: string; options: LookupOptions; answer: Answer }[] = [];
  t.mock.method(dns, "lookup", (name: string, options: LookupOptions, answer: Answer) => {
    asked.push({ name, options, answer });
  });
  const clock = { now: 0 };
  const names = new NameLookup(() => clock.now);
  return { names, clock, asked };
}

/** Looks up all addresses of a name. */
function lookUp(names: NameLookup, options: LookupOptions = {}, name = "bot-api.test"): Promise<LookupAddress[]> {
  const { promise, resolve, reject } = Promise.withResolvers<LookupAddress[]>();
  names.lookup(name, { all: true, ...options }, (error, addresses) =>
    error ? reject(error) : resolve(addresses as LookupAddress[]),
  );
  return promise;
}

const notFound = Object.assign(new Error("getaddrinfo ENOTFOUND bot-api.test"), { code: "ENOTFOUND" });

describe("a name", () => {
  test("the first lookup waits for the system; those that come meanwhile share it", async (t) => {
    const { names, asked } = start(t);
    const both = Promise.all([lookUp(names), lookUp(names)]);
    assert.equal(await isSettled(both), false);
    assert.equal(asked.length, 1);
    asked[0]!.answer(null, [ONE, SIX]);
    assert.deepEqual(await both, [
      [ONE, SIX],
      [ONE, SIX],
    ]);
  });

  test("once found it is known, and a look at it after ten seconds brings it up to date", async (t) => {
    const { names, clock, asked } = start(t);
    const first = lookUp(names);
    asked[0]!.answer(null, [ONE]);
    await first;
    clock.now = 9_999;
    assert.deepEqual(await lookUp(names), [ONE]);
    assert.equal(asked.length, 1);
    clock.now = 10_000;
    assert.deepEqual(
      [await lookUp(names), await lookUp(names)],
      [[ONE], [ONE]],
      "it serves while the new lookup waits",
    );
    assert.equal(asked.length, 2);
    asked[1]!.answer(null, [TWO]);
    await isSettled(Promise.resolve());
    assert.deepEqual(await lookUp(names), [TWO]);
    assert.equal(asked.length, 2);
  });

  test("a new lookup that fails leaves the old answer, and the next connection tries again", async (t) => {
    const { names, clock, asked } = start(t);
    const first = lookUp(names);
    asked[0]!.answer(null, [ONE]);
    await first;
    clock.now = 10_000;
    await lookUp(names);
    asked[1]!.answer(notFound, []);
    await isSettled(Promise.resolve());
    assert.deepEqual(await lookUp(names), [ONE]);
    assert.equal(asked.length, 3);
  });

  test("a first lookup that fails fails the connection, and is not remembered", async (t) => {
    const { names, asked } = start(t);
    const failing = assert.rejects(lookUp(names), notFound);
    asked[0]!.answer(notFound, []);
    await failing;
    const again = lookUp(names);
    asked[1]!.answer(null, [ONE]);
    assert.deepEqual(await again, [ONE]);
  });

  test("after doubt() the next lookup waits for the system", async (t) => {
    const { names, asked } = start(t);
    const first = lookUp(names);
    asked[0]!.answer(null, [ONE]);
    await first;
    names.doubt();
    const again = lookUp(names);
    assert.equal(await isSettled(again), false);
    asked[1]!.answer(null, [TWO]);
    assert.deepEqual(await again, [TWO]);
    assert.deepEqual(await lookUp(names), [TWO]);
    assert.equal(asked.length, 2);
  });

  test("after doubt() the old answer serves in the end where the system gives none", async (t) => {
    const { names, asked } = start(t);
    const first = lookUp(names);
    asked[0]!.answer(null, [ONE]);
    await first;
    names.doubt();
    assert.deepEqual(await lookUp(names), [ONE]);
    asked[1]!.answer(null, [TWO]);
    await isSettled(Promise.resolve());
    assert.deepEqual(await lookUp(names), [TWO]);
  });

  test("each name and each IP version is looked up for itself", async (t) => {
    const { names, asked } = start(t);
    const all = Promise.all([lookUp(names), lookUp(names, { family: 4 }), lookUp(names, { family: 6 }, "other.test")]);
    assert.deepEqual(
      asked.map(({ name, options: { family, all } }) => [name, family, all]),
      [
        ["bot-api.test", undefined, true],
        ["bot-api.test", 4, true],
        ["other.test", 6, true],
      ],
    );
    const answers = [[ONE, SIX], [ONE], [SIX]];
    for (const [i, { answer }] of asked.entries()) answer(null, answers[i]!);
    assert.deepEqual(await all, answers);
  });

  test("one address is answered where one is wanted", async (t) => {
    const { names, asked } = start(t);
    const answers: unknown[][] = [];
    const ask = () => names.lookup("bot-api.test", { family: 6 }, (...answer) => answers.push(answer));
    ask();
    asked[0]!.answer(null, [SIX]);
    await isSettled(Promise.resolve());
    ask();
    await isSettled(Promise.resolve());
    assert.deepEqual(answers, [
      [null, SIX.address, 6],
      [null, SIX.address, 6],
    ]);
  });
});
