/** The Dockerfile, compose.yaml and the files of docs/deploy agree with the options of asgigram. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { environmentOf, OPTION_KEYS, OPTIONS } from "../src/config/options.ts";

const VARIABLES = new Set(OPTION_KEYS.map(environmentOf));

/** The seconds that each file allows a server to stop. */
const GRACE = {
  "compose.yaml": /stop_grace_period: (\d+)s$/m,
  "docs/deploy/kubernetes.yaml": /terminationGracePeriodSeconds: (\d+)$/m,
  "docs/deploy/asgigram.service": /^TimeoutStopSec=(\d+)$/m,
};

for (const file of ["Dockerfile", ...Object.keys(GRACE)]) {
  test(`every ASGIGRAM_ variable in ${file} belongs to an option`, async () => {
    const variables = (await read(file)).match(/\bASGIGRAM_\w+/g) ?? [];
    assert.ok(variables.length > 0);
    assert.deepEqual(
      variables.filter((name) => !VARIABLES.has(name)),
      [],
    );
  });
}

for (const [file, pattern] of Object.entries(GRACE)) {
  test(`${file} allows more time to stop than --shutdown-timeout`, async () => {
    const [, seconds] = pattern.exec(await read(file))!;
    assert.ok(Number(seconds) > OPTIONS.shutdownTimeout.default);
  });
}

function read(file: string): Promise<string> {
  return readFile(new URL(`../${file}`, import.meta.url), "utf8");
}
