import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Folder } from "../../folder.ts";
import { run } from "../asgigram.ts";
import { runHere } from "../in-process.ts";

const BIN = fileURLToPath(new URL("../../../src/cli/bin.ts", import.meta.url));

const folder = new Folder();
after(() => folder[Symbol.dispose]());

/** An `asgigram` for the PATH of bash. @returns its folder */
function command(name: string, script: string): string {
  const path = join(folder.path, name);
  mkdirSync(path);
  writeFileSync(join(path, "asgigram"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, "asgigram"), 0o755);
  return path;
}

const REAL = command("real", `exec "${process.execPath}" "${BIN}" "$@"`);
/** Prints the file that is named like its arguments: the answer of main() to them. */
const PREPARED = command("prepared", `cat "${folder.path}/$(printf '%s|' "$@")"`);

const { stdout: SCRIPT } = await run(["completion"], { env: { SHELL: "/bin/bash" } });

/** Runs bash with the completion script. @returns its output */
async function bash(path: string, script: string, ...args: string[]): Promise<string> {
  const env = { PATH: `${path}${delimiter}${process.env.PATH}` };
  const all = ["--norc", "-c", `${SCRIPT}\n${script}`, "bash", ...args];
  const { stdout, stderr } = await promisify(execFile)("bash", all, { env });
  assert.equal(stderr, "");
  return stdout;
}

/** The completions of bash for the last of the words after `asgigram`. */
async function offeredBy(words: string[], path = PREPARED): Promise<string[]> {
  const question = ["--get-yargs-completions", "asgigram", ...words];
  writeFileSync(join(folder.path, question.map((word) => `${word}|`).join("")), (await runHere(question)).stdout);
  const offered = await bash(
    path,
    `COMP_WORDS=(asgigram "$@") COMP_CWORD=$#; _asgigram_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ...words,
  );
  return offered.split("\n").filter((line) => line !== "");
}

test("bash completes commands, flags and their values", async () => {
  assert.deepEqual(await offeredBy(["sim"], REAL), ["simulate", "simulator"]);
  assert.deepEqual(await offeredBy(["simulate", "--wor"]), ["--workers", "--worker-memory"]);
  assert.deepEqual(await offeredBy(["--log-level", "=", "t"]), ["trace"]);
  assert.deepEqual(await offeredBy(["inbox", ""]), ["list", "show", "retry", "drop", "forget", "migrate", "copy"]);
});

test("bash offers files where asgigram offers nothing", async () => {
  assert.deepEqual(await offeredBy(["simulate", ""]), []);
  assert.deepEqual(await offeredBy(["--token-file", ""]), []);
  assert.match(
    await bash(PREPARED, "complete -p asgigram"),
    /^complete .*-o default .*-F _asgigram_yargs_completions asgigram$/m,
  );
});
