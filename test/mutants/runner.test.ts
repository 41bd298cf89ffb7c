import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Folder } from "../folder.ts";
import { type Mutant, mutated } from "./mutant.ts";
import { CORE, MUTANTS } from "./mutants.ts";
import { type TrialTests, trial } from "./trial.ts";

const ROOT = join(import.meta.dirname, "../..");
const LIMIT = 30;

const mutant = (from: string, to: string): Mutant => {
  return { id: "A1", breaks: "?", file: "src/add.ts", from, to, tests: [] };
};

describe("the list of mutants", () => {
  test("the text of each mutant is in its file once, and the broken source is TypeScript", () => {
    for (const mutant of MUTANTS) mutated(mutant, readFileSync(join(ROOT, mutant.file), "utf8"));
  });

  test("each mutant has an id of its own", () => {
    const ids = MUTANTS.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
  });

  test("the tests of each mutant exist", () => {
    for (const { id, tests, only = /./ } of MUTANTS) {
      const texts = tests.map((name) => readFileSync(join(ROOT, "test", `${name}.test.ts`), "utf8"));
      assert.match(
        texts.join(),
        only,
        `mutant ${id}: its tests have changed, so change test/mutants/mutants.ts with them`,
      );
    }
  });

  test("the core has 17 faults", () => assert.equal(CORE.length, 17));
});

describe("a mutant", () => {
  test("a mutant's text is replaced as it stands", () => {
    assert.equal(mutated(mutant("+", "- `$&` -"), "1 + 1"), "1 - `$&` - 1");
  });

  test("a mutant whose text is not in its file, or more than once, is refused", () => {
    assert.throws(() => mutated(mutant("+", "-"), "1"), /mutant A1: src\/add\.ts has its text 0 times.*mutants\.ts/);
    assert.throws(() => mutated(mutant("+", "-"), "1 + 1 + 1"), /mutant A1: src\/add\.ts has its text 2 times/);
  });

  test("a mutant that is no TypeScript is refused", () => {
    assert.throws(() => mutated(mutant("+", "+ ("), "1 + 1"), /mutant A1: src\/add\.ts is no TypeScript any more/);
  });
});

describe("a trial", () => {
  const folder = new Folder();
  after(() => folder[Symbol.dispose]());
  for (const name of ["src", "test"]) mkdirSync(folder.join(name));
  folder.write("src/add.ts", "export const add = (one: number, other: number) => one + other;\n");
  folder.write(
    "test/adder.ts",
    `import { parentPort } from "node:worker_threads";
     import { add } from "../src/add.ts";
     parentPort.postMessage(add(1, 2));`,
  );
  folder.write(
    "test/add.test.ts",
    `import assert from "node:assert/strict";
     import { once } from "node:events";
     import { test } from "node:test";
     import { Worker } from "node:worker_threads";
     import { add } from "../src/add.ts";
     test("add() adds", () => assert.equal(add(1, 0), 1));
     test("add() adds in a thread", async () => {
       const [sum] = await once(new Worker(new URL("adder.ts", import.meta.url)), "message");
       assert.equal(sum, 3);
     });`,
  );
  // Without, Node.js would not run tests in a test.
  delete process.env.NODE_TEST_CONTEXT;

  const rows: [what: string, tests: TrialTests, mutant: Mutant | undefined, outcome: string][] = [
    ["of the code as it is passes", { tests: ["add"] }, undefined, "passed, 2"],
    ["fails by its first test that fails", { tests: ["add"] }, mutant("+", "- 1 +"), "failed, 0: add() adds"],
    ["may fail in a thread", { tests: ["add"], only: /thread/ }, mutant("+", "-"), "failed, 0: add() adds in a thread"],
    ["passes if no test notices", { tests: ["add"], only: /adds/ }, mutant("+", "+ 0 +"), "passed, 2"],
    [
      "is broken if the tests cannot start",
      { tests: ["add"] },
      mutant("add =", "ad ="),
      `broken, 0: ${folder.join("test/add.test.ts")}`,
    ],
  ];
  for (const [what, tests, mutant, outcome] of rows) {
    test(`a trial ${what}`, async () => {
      const { by, ...result } = await trial(folder.path, tests, LIMIT, mutant);
      assert.equal(`${result.outcome}, ${result.passed}${by === undefined ? "" : `: ${by}`}`, outcome);
    });
  }

  test("a trial that takes too long is ended", async () => {
    assert.equal((await trial(folder.path, { tests: ["add"] }, 0)).outcome, "timed out");
  });
});
