import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { run } from "./asgigram.ts";

/** This Node.js, which says that it is another. */
const claiming = (version: string) => {
  const claim = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  return { node: ["--import", `data:text/javascript,${encodeURIComponent(claim)}`] };
};

for (const version of ["14.21.3", "20.20.2", "22.18.0"]) {
  test(`Node.js ${version} is too old: one line with the remedy, exit code 2`, async () => {
    const { code, stdout, stderr } = await run(["--version"], claiming(version));
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      `asgigram needs Node.js 22.19 or newer; this is v${version}. Install a newer one (https://nodejs.org), or put it first in PATH.\n`,
    );
  });
}

for (const version of ["22.19.0", "23.0.0", "26.10.0"]) {
  test(`Node.js ${version} will do`, async () => {
    assert.equal((await run(["--version"], claiming(version))).code, 0);
  });
}

test("the executable imports nothing before it knows the version", async () => {
  assert.doesNotMatch(await readFile(new URL("../../src/cli/bin.ts", import.meta.url), "utf8"), /^import /m);
});

test("the needed version is the one that package.json tells", async () => {
  const { engines } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  assert.equal(engines.node, ">=22.19");
});
