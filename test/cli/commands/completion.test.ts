import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BIN = fileURLToPath(new URL("../../../src/cli/bin.ts", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "asgigram-completion-"));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "asgigram"), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
await chmod(join(folder, "asgigram"), 0o755);

/** What a bash that has the script prints. */
async function bash(script: string, ...args: string[]): Promise<string> {
  const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, SHELL: "/bin/bash" };
  const all = ["--norc", "-c", `source <(asgigram completion); ${script}`, "bash", ...args];
  const { stdout, stderr } = await promisify(execFile)("bash", all, { env });
  assert.equal(stderr, "");
  return stdout;
}

/** What it offers for the last of the words behind `asgigram`. */
async function offeredBy(...words: string[]): Promise<string[]> {
  const offered = await bash(
    `COMP_WORDS=(asgigram "$@") COMP_CWORD=$#; _asgigram_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ...words,
  );
  return offered.split("\n").filter((line) => line !== "");
}

test("bash completes commands, flags and what they may be set to", async () => {
  assert.deepEqual(await offeredBy("sim"), ["simulate"]);
  assert.deepEqual(await offeredBy("simulate", "--wor"), ["--workers", "--worker-memory"]);
  assert.deepEqual(await offeredBy("--log-level", "=", "t"), ["trace"]);
  assert.deepEqual(await offeredBy("inbox", ""), ["list", "show", "retry", "drop"]);
});

test("where there is nothing of that sort bash is left to offer files", async () => {
  assert.deepEqual(await offeredBy("simulate", ""), []);
  assert.deepEqual(await offeredBy("--token-file", ""), []);
  assert.match(
    await bash("complete -p asgigram"),
    /^complete .*-o default .*-F _asgigram_yargs_completions asgigram$/m,
  );
});
