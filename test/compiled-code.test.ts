import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Simulator } from "../src/simulator/index.ts";
import { run } from "./cli/asgigram.ts";
import { Bot, Folder } from "./end-to-end/bot.ts";

/** Has Node.js tell of its cache on standard error. */
const TELL = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };

/** Files whose compiled code was found there. */
function foundIn(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => /V8 code cache for .* was accepted/.test(line))
    .join("\n");
}

describe("what V8 has compiled", () => {
  test("is kept for the next start, that of workers too", async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    const env = { ...TELL, XDG_CACHE_HOME: folder.path };
    const serve = async () => {
      await using bot = new Bot("apps/echo.ts", simulator, ["--workers=1", "--no-inbox"], {
        cwd: join(import.meta.dirname, "end-to-end"),
        env,
      });
      await bot.process.says("serving");
      return foundIn((await bot.end()).stderr);
    };
    assert.doesNotMatch(await serve(), /src|workers|apps/);
    const found = await serve();
    assert.match(found, /src\/server\.ts/);
    assert.match(found, /workers\/host\.ts/);
    assert.match(found, /apps\/echo\.ts/);
    assert.ok(existsSync(join(folder.path, "asgigram")));
  });

  test("is kept where somebody wants it", async () => {
    using folder = new Folder();
    const env = { ...TELL, XDG_CACHE_HOME: join(folder.path, "not"), NODE_COMPILE_CACHE: join(folder.path, "here") };
    await run(["--version"], { env });
    assert.match(foundIn((await run(["--version"], { env })).stderr), /src\/cli\.ts/);
    assert.ok(!existsSync(env.XDG_CACHE_HOME));
  });

  test("is not kept where others may write, for what is found is run", async () => {
    using folder = new Folder();
    const kept = join(folder.path, "asgigram");
    mkdirSync(kept);
    chmodSync(kept, 0o777);
    assert.equal((await run(["--version"], { env: { XDG_CACHE_HOME: folder.path } })).code, 0);
    assert.deepEqual(readdirSync(kept), []);
  });

  for (const [who, env] of Object.entries({
    "somebody who does not want that": { NODE_DISABLE_COMPILE_CACHE: "1" },
    "somebody who names no folder": { NODE_COMPILE_CACHE: "" },
    "somebody who has nowhere to write": { XDG_CACHE_HOME: "/proc/nowhere" },
  })) {
    test(`is not kept for ${who}, and nothing is said of it`, async () => {
      using folder = new Folder();
      const { code, stdout, stderr } = await run(["--version"], { env: { XDG_CACHE_HOME: folder.path, ...env } });
      assert.equal(code, 0);
      assert.match(stdout, /^asgigram /);
      assert.equal(stderr, "");
      assert.ok(!existsSync(join(folder.path, "asgigram")));
    });
  }
});
