import assert from "node:assert/strict";
import { test } from "node:test";
import { checkJobOptions, checkModuleOptions } from "../../src/offload/options.ts";

const WRONG_OF_MODULES: [unknown, RegExp][] = [
  [{ thread: 2 }, /offload\(\) has no option "thread"; its options are threads, process, queue/],
  [{ threads: 0 }, /"threads" is 0; it must be a number of threads from 1/],
  [{ threads: 1.5 }, /"threads" is 1\.5/],
  [{ process: "yes" }, /"process" is yes; it must be true or false/],
  [{ queue: -1 }, /"queue" is -1/],
  [null, /the options of offload\(\) are an object/],
];
const WRONG_OF_JOBS: [unknown, RegExp][] = [
  [{ signal: {} }, /"signal" is \[object Object\]; it must be an AbortSignal/],
  [{ timeout: -5 }, /"timeout" is -5/],
  [{ timeout: 0 }, /"timeout" is 0/],
  [{ timeout: Number.NaN }, /"timeout" is NaN/],
  [{ timeout: "30" }, /"timeout" is 30; it must be a number of milliseconds above 0/],
  [{ retries: 1 }, /with\(\) has no option "retries"/],
];

test("right options pass", () => {
  checkModuleOptions({ threads: 2, process: true, queue: 10 });
  checkJobOptions({ signal: AbortSignal.abort(), timeout: 30_000 });
});

test("a wrong option is named with its value and the remedy", () => {
  for (const [options, says] of WRONG_OF_MODULES) {
    assert.throws(() => checkModuleOptions(options as object), { name: "TypeError", message: says });
  }
  for (const [options, says] of WRONG_OF_JOBS) {
    assert.throws(() => checkJobOptions(options as object), { name: "TypeError", message: says });
  }
});
