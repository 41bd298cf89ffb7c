import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { functionsOf, UNREACHABLE } from "../../src/offload/functions.ts";
import type { JobHandle, JobOptions } from "../../src/protocol/jobs.ts";

interface Loose {
  (...args: unknown[]): unknown;
  [name: string]: Loose;
}

function record() {
  const runs: [string, unknown[], JobOptions][] = [];
  const functions = functionsOf((...run) => {
    runs.push(run);
    return run[0] as unknown as JobHandle;
  }) as unknown as Loose;
  return { runs, functions };
}

test("each name is a function, the same each time, and the thing itself is the default export", () => {
  const { runs, functions } = record();
  const { render, crop } = functions;
  assert.equal(render!(1, 2), "render");
  crop!();
  functions(3);
  assert.equal(functions.render, render);
  assert.deepEqual(runs, [
    ["render", [1, 2], {}],
    ["crop", [], {}],
    ["default", [3], {}],
  ]);
});

test("with() gives a call its own signal and time limit, and checks them", () => {
  const { runs, functions } = record();
  const { signal } = new AbortController();
  const withOptions = functions.render!.with as unknown as (options: JobOptions) => Loose;
  withOptions({ signal, timeout: 5 })("photo");
  assert.deepEqual(runs, [["render", ["photo"], { signal, timeout: 5 }]]);
  assert.throws(() => withOptions({ timeout: 0 }), /"timeout" is 0; it must be a number of milliseconds above 0/);
});

test("it is no promise, and can be shown and converted", async () => {
  const { runs, functions } = record();
  assert.equal(await functions, functions);
  assert.ok(inspect(functions).length > 0 && String(functions).length > 0);
  assert.equal(JSON.stringify({ functions }), "{}");
  assert.deepEqual(runs, []);
});

test("no name that every function has, or that await asks for, is an export", () => {
  const { runs, functions } = record();
  const names = [Function, Object].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  assert.deepEqual(new Set(UNREACHABLE), new Set([...names, "with", "then", "toJSON", "prototype"]));
  for (const name of ["then", "toJSON", "prototype"]) assert.equal(functions[name], undefined);
  assert.deepEqual(runs, []);
});
