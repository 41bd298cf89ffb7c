/**
 * Bots with plugins and HTTP clients that people use, under Node.js alone and under asgigram: their calls and chats are equal.
 * `npm run test:plugins` installs the packages when they are missing. To change its lockfile: npm install --ignore-scripts, there.
 */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { install } from "../../scripts/install.ts";
import { Simulator } from "../../simulator/index.ts";
import { runNatively, runUnderAsgigram, type Script } from "../differential/trial.ts";
import { Bot } from "../end-to-end/bot.ts";
import { Folder } from "../folder.ts";

const BOT = "../../plugins/bot.mjs";

const sendsFile =
  (calls: number): Script =>
  async ({ person, answered }) => {
    await person.sendFile("song.txt", Buffer.from("Tea for two"));
    await answered(calls);
  };

const SCRIPTS: Record<string, Script> = {
  limited: async ({ say }) => {
    for (const text of ["one", "two", "three"]) await say(text);
  },
  formatted: ({ say }) => say("<words>", 2),
  streamed: ({ say }) => say("three short words", 4),
  sequence: async ({ person, answered }) => {
    for (const text of ["one", "two", "three"]) await person.sendText(text);
    await answered(3);
  },
  got: sendsFile(7),
  request: sendsFile(7),
  // The last one: it is not compared, and ids go on.
  files: sendsFile(3),
};

before(() => install(import.meta.dirname));

test("bots with plugins and HTTP clients do under asgigram what they do alone", async (t) => {
  using folder = new Folder();
  const env = { COPY: folder.join("copy") };
  const scripts = new Map(Object.entries(SCRIPTS));
  const served = await runUnderAsgigram(BOT, scripts, { env });
  // It downloads by https alone, and the simulator has none.
  scripts.delete("files");
  const alone = await runNatively(BOT, scripts, { env });
  for (const name of ["start", ...scripts.keys()]) {
    await t.test(name, () => {
      assert.ok(Object.keys(alone[name]!.calls).length > 0, "it makes calls");
      assert.deepEqual(served[name], alone[name]);
    });
  }
  await t.test("files", () => {
    const texts = (served.files!.messages as { text?: string }[]).map(({ text }) => text);
    assert.deepEqual(texts, [undefined, "downloaded: Tea for two", "read: Tea for two"]);
  });
});

for (const { packages, outcome } of [
  { packages: "external", outcome: "is served" },
  { packages: "bundle", outcome: "is refused, with the remedy" },
] as const) {
  test(`a bundle with the option --packages=${packages} ${outcome}`, async () => {
    // Its packages are found from its folder.
    const bundle = join(import.meta.dirname, `node_modules/.bundles/${packages}.mjs`);
    const { build } = createRequire(import.meta.url)("esbuild");
    const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
    const entryPoints = [join(import.meta.dirname, "bot.mjs")];
    await build({
      entryPoints,
      packages,
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
      banner: { js: banner },
    });
    await using simulator = await Simulator.start();
    const env = { BOT_TOKEN: simulator.token, API_ROOT: simulator.url, ASGIGRAM_TOKEN: "" };
    await using bot = new Bot(bundle, simulator, ["--no-inbox"], { env });
    if (packages === "bundle") {
      const { code, stderr } = await bot.process.exit();
      assert.match(stderr, /\(esbuild: --packages=external\)\n/);
      assert.equal(code, 3);
      return;
    }
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.equal(serving.started, "run(bot)");
    const person = await simulator.user("limited");
    await person.sendText("hello");
    assert.equal((await person.nextMessage()).text, "One of two");
    assert.equal((await bot.end()).code, 0);
  });
}
