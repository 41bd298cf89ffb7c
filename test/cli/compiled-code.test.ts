import assert from "node:assert/strict";
import { chmodSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Folder } from "../end-to-end/bot.ts";
import { type Exit, run } from "./asgigram.ts";

/** Has Node.js tell of its cache on standard error. */
const TELL = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };

/** Files whose compiled code was found there. */
function foundIn(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => /V8 code cache for .* was accepted/.test(line))
    .join("\n");
}

const HERE = join(import.meta.dirname, "../end-to-end");

/** A start and an end. */
async function simulate(env: { [name: string]: string }, ...args: readonly string[]): Promise<Exit> {
  const exit = await run(["simulate", "apps/echo.ts", "--workers=1", ...args], { cwd: HERE, env, stdin: "" });
  assert.equal(exit.code, 0, exit.stderr);
  return exit;
}

describe("what V8 has compiled", () => {
  test("is kept for the next start, that of workers too", async () => {
    using folder = new Folder();
    const env = { ...TELL, XDG_CACHE_HOME: folder.path };
    assert.doesNotMatch(foundIn((await simulate(env)).stderr), /src|workers|apps/);
    const found = foundIn((await simulate(env)).stderr);
    assert.match(found, /src\/server\.ts/);
    assert.match(found, /workers\/host\.ts/);
    assert.match(found, /apps\/echo\.ts/);
  });

  test("is kept where somebody wants it", async () => {
    using folder = new Folder();
    const env = { ...TELL, XDG_CACHE_HOME: join(folder.path, "not"), NODE_COMPILE_CACHE: join(folder.path, "here") };
    await simulate(env);
    assert.match(foundIn((await simulate(env)).stderr), /src\/server\.ts/);
    assert.ok(!existsSync(env.XDG_CACHE_HOME));
  });

  test("is not that of a configuration, in which secrets may stand", async () => {
    using folder = new Folder();
    const secret = "the password of a proxy";
    const config = join(folder.path, "config.mjs");
    writeFileSync(config, `export const elsewhere = "${secret}"; export default { maxAttempts: 2 };`);
    const env = { XDG_CACHE_HOME: folder.path };
    for (let i = 0; i < 2; i++) await simulate(env, `--config=${config}`);
    const kept = globSync("asgigram/*/*", { cwd: folder.path }).map((file) =>
      readFileSync(join(folder.path, file), "latin1"),
    );
    assert.ok(
      kept.some((text) => text.includes("stopping: finishing what is at hand")),
      "else it would prove nothing",
    );
    assert.ok(!kept.some((text) => text.includes(secret)));
  });

  test("is not kept where others may write, for what is found is run", async () => {
    using folder = new Folder();
    const kept = join(folder.path, "asgigram");
    mkdirSync(kept);
    chmodSync(kept, 0o777);
    await simulate({ XDG_CACHE_HOME: folder.path });
    assert.deepEqual(readdirSync(kept), []);
  });

  for (const [who, env] of Object.entries({
    "somebody who does not want that": { NODE_DISABLE_COMPILE_CACHE: "1" },
    "somebody who names no folder": { NODE_COMPILE_CACHE: "" },
    "somebody who has nowhere to write": { XDG_CACHE_HOME: "/proc/nowhere" },
  })) {
    test(`is not kept for ${who}, and nothing is said of it`, async () => {
      using folder = new Folder();
      assert.equal((await simulate({ XDG_CACHE_HOME: folder.path, ...env })).stderr, "");
      assert.ok(!existsSync(join(folder.path, "asgigram")));
    });
  }
});
