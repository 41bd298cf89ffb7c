import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { Folder } from "../folder.ts";
import { run } from "./asgigram.ts";

/** Node.js then logs its cache to standard error. */
const TELL = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };

/** Files whose compiled code was found in the cache. */
function foundIn(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => /V8 code cache for .* was accepted/.test(line))
    .join("\n");
}

const HERE = join(import.meta.dirname, "../end-to-end");

/** Starts and ends a server. @returns its standard error */
async function simulate(env: { [name: string]: string }, ...args: readonly string[]): Promise<string> {
  const exit = await run(["simulate", "apps/echo.ts", "--workers=1", ...args], { cwd: HERE, env, stdin: "" });
  assert.equal(exit.code, 0, exit.stderr);
  return exit.stderr;
}

const SOURCE = new URL("../../src/", import.meta.url).href;

/** Keeps compiled code and imports a file of ours, as a start does. @returns standard error */
async function keep(env: { [name: string]: string }): Promise<string> {
  const code = `
    const { keepCompiledCode } = await import("${SOURCE}cli/compiled-code.ts");
    keepCompiledCode(process.env);
    await import("${SOURCE}protocol/route.ts");`;
  const args = ["--input-type=module", "--eval", code];
  const { stderr } = await promisify(execFile)(process.execPath, args, { env });
  return stderr;
}

describe("compiled code", () => {
  test("compiled code of server, workers and application is kept for the next start, that of a configuration is not: it may hold secrets", async () => {
    using folder = new Folder();
    const secret = "the password of a proxy";
    const config = join(folder.path, "config.mjs");
    writeFileSync(config, `export const elsewhere = "${secret}"; export default { maxAttempts: 2 };`);
    const env = { ...TELL, XDG_CACHE_HOME: folder.path };
    assert.doesNotMatch(foundIn(await simulate(env, `--config=${config}`)), /src|workers|apps/);
    const files = [/src\/server\.ts/, /workers\/host\.ts/, /apps\/echo\.ts/];
    // Node.js keeps what it can at a thread's end: on a busy machine a file may take one more start.
    let found = "";
    for (let start = 2; start <= 5 && !files.every((file) => file.test(found)); start++) {
      found = foundIn(await simulate(env, `--config=${config}`));
    }
    for (const file of files) assert.match(found, file);
    const kept = globSync("asgigram/*/*", { cwd: folder.path }).map((file) =>
      readFileSync(join(folder.path, file), "latin1"),
    );
    assert.ok(
      kept.some((text) => text.includes("telegram.send_message")),
      "else it would prove nothing",
    );
    assert.ok(!kept.some((text) => text.includes(secret)));
  });

  test("compiled code is kept for the next start", async () => {
    using folder = new Folder();
    const env = { ...TELL, XDG_CACHE_HOME: folder.path };
    assert.doesNotMatch(foundIn(await keep(env)), /src/);
    assert.match(foundIn(await keep(env)), /src\/protocol\/route\.ts/);
  });

  test("compiled code is kept in the folder that NODE_COMPILE_CACHE names", async () => {
    using folder = new Folder();
    const env = { ...TELL, XDG_CACHE_HOME: join(folder.path, "not"), NODE_COMPILE_CACHE: join(folder.path, "here") };
    await keep(env);
    assert.match(foundIn(await keep(env)), /src\/protocol\/route\.ts/);
    assert.ok(!existsSync(env.XDG_CACHE_HOME));
  });

  test("compiled code is not kept in a folder that others may write to, because it is run", async () => {
    using folder = new Folder();
    const kept = join(folder.path, "asgigram");
    mkdirSync(kept);
    chmodSync(kept, 0o777);
    await keep({ XDG_CACHE_HOME: folder.path });
    assert.deepEqual(readdirSync(kept), []);
  });

  for (const [what, env] of Object.entries({
    "NODE_DISABLE_COMPILE_CACHE is set": { NODE_DISABLE_COMPILE_CACHE: "1" },
    "NODE_COMPILE_CACHE is empty": { NODE_COMPILE_CACHE: "" },
    "no folder can be written to": { XDG_CACHE_HOME: "/proc/nowhere" },
  })) {
    test(`compiled code is not kept where ${what}, without a message`, async () => {
      using folder = new Folder();
      assert.equal(await keep({ XDG_CACHE_HOME: folder.path, ...env }), "");
      assert.ok(!existsSync(join(folder.path, "asgigram")));
    });
  }
});
