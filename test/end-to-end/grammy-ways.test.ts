/** The ways in which programs start grammY bots, and the plugins that they use. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { Bot, BotHere, callsOf, nextText, until } from "./bot.ts";
import { ask, startProgram, startProgramHere } from "./program.ts";

const servingOf = (bot: Bot | BotHere) => bot.logged(({ msg }) => msg === "serving");

describe("a grammY bot", () => {
  test("on the runner: conversations, menus, hydration, and a handler that waits for its chat's next message", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy-plugins.mjs", simulator);
    const { library, started, updates } = await servingOf(bot);
    assert.match(String(library), /^grammY 1\./);
    assert.deepEqual([started, updates], ["run(bot)", "message,callback_query"]);
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/order"), "What do you drink?");
    assert.equal(await ask(ann, "tea"), "One tea.");
    assert.equal(await ask(ann, "/menu"), "Choose");
    await ann.press("Tea");
    await callsOf(simulator, "editMessageText", 1);
    assert.equal(await ask(ann, "/edit"), "before");
    assert.equal((await callsOf(simulator, "editMessageText", 2))[1]?.text, "after");
    assert.equal(await ask(ann, "/ask"), "What?");
    assert.equal(await ask(ann, "the tea"), "That: the tea");
    // Short handlers keep the order of their chat.
    await ann.sendText("/slow");
    await ann.sendText("quick");
    assert.deepEqual([await nextText(ann), await nextText(ann)], ["slow", "You said: quick"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("with a webhook of its own is served from the moment at which it sets that", async () => {
    await using simulator = await Simulator.start();
    await (await simulator.user("ann")).sendText("dropped");
    await using bot = await startProgramHere("grammy-webhook.ts", simulator);
    const { started, updates } = await servingOf(bot);
    assert.deepEqual([started, updates], ["setWebhook()", "message"]);
    assert.equal(await ask(await simulator.user("bob"), "on"), "You said: on");
    const texts = (await callsOf(simulator, "sendMessage", 1)).map(({ text }) => text);
    assert.deepEqual(texts, ["You said: on"]);
    assert.equal(simulator.calls.filter(({ method }) => method === "setWebhook").length, 0);
    assert.equal((await bot.end()).code, 0);
  });

  test("that is named by its export is served at once", async () => {
    await using simulator = await Simulator.start();
    const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token };
    await using bot = new BotHere("programs/grammy-export.cjs:bot", simulator, ["--no-inbox"], { env });
    const { started, token } = await servingOf(bot);
    assert.deepEqual([started, token], ["export", "BOT_TOKEN"]);
    assert.equal(await ask(await simulator.user("ann"), "on"), "@simulated_bot: on");
    assert.equal((await bot.end()).code, 0);
  });

  test("whose file ends with its polling is served; --allowed-updates beats its list", async () => {
    await using simulator = await Simulator.start();
    const args = ["--no-inbox", "--allowed-updates", "message,poll"];
    await using bot = await startProgramHere("grammy-awaited.ts", simulator, { args });
    const { started, updates } = await servingOf(bot);
    assert.deepEqual([started, updates], ["bot.start()", "message,poll"]);
    await until(simulator, () => simulator.calls.some(({ method }) => method === "getUpdates"));
    const poll = simulator.calls.find(({ method }) => method === "getUpdates");
    assert.deepEqual(poll?.parameters.allowed_updates, ["message", "poll"]);
    assert.equal(await ask(await simulator.user("ann"), "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
  });

  test("in TypeScript that is more than types runs with --import tsx, in workers, heavy threads and child processes", async (t) => {
    if (Number.parseInt(process.versions.node, 10) < 24) {
      return t.skip("under this Node.js tsx registers itself in the main thread alone");
    }
    await using simulator = await Simulator.start();
    await using bot = await startProgram("tsx/bot.ts", simulator, { args: ["--no-inbox", "--import", "tsx"] });
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal(await ask(ann, "/shout tea"), "TEA!");
    assert.equal(await ask(ann, "/apart tea"), "TEA!");
    assert.equal((await bot.end()).code, 0);
  });

  test("in such TypeScript does not run without, and the message says what to do", async () => {
    await using simulator = await Simulator.start();
    const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token };
    await using bot = new BotHere("programs/tsx/bot.ts", simulator, ["--no-inbox"], { env });
    const { code, stderr } = await bot.process.exit();
    const isOld = Number.parseInt(process.versions.node, 10) < 24;
    const remedy = `run it with --import tsx${isOld ? " under Node.js 24" : ""}, or run the compiled file`;
    assert.ok(stderr.includes(remedy), stderr);
    assert.equal(code, 3);
  });

  test("on a version of its library that was not tested is served, with a warning", async () => {
    using folder = new Folder();
    const grammy = join(createRequire(import.meta.url).resolve("grammy"), "../..");
    const copy = folder.join("node_modules/grammy");
    cpSync(grammy, copy, { recursive: true });
    // What the copy imports is where grammY's own packages are.
    for (const name of ["@grammyjs", "abort-controller", "debug", "node-fetch"])
      symlinkSync(join(grammy, "..", name), folder.join("node_modules", name));
    const facts = JSON.parse(readFileSync(join(copy, "package.json"), "utf8"));
    writeFileSync(join(copy, "package.json"), JSON.stringify({ ...facts, version: "7.0.0" }));
    cpSync(join(import.meta.dirname, "programs/grammy-export.cjs"), folder.join("bot.cjs"));
    await using simulator = await Simulator.start();
    const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token };
    await using bot = new BotHere("bot.cjs:bot", simulator, ["--no-inbox"], { env, cwd: folder.path });
    assert.equal((await servingOf(bot)).library, "grammY 7.0.0");
    const warned = bot.log.find(({ msg }) => msg === "this version of the bot library was not tested with asgigram");
    assert.deepEqual([warned?.level, warned?.library], ["warn", "grammY 7.0.0"]);
    assert.equal(await ask(await simulator.user("ann"), "on"), "@simulated_bot: on");
    assert.equal((await bot.end()).code, 0);
  });

  test("starts with a stand-in where it looks for its token, wherever the server got that", async () => {
    await using simulator = await Simulator.start();
    const env = { ASGIGRAM_TOKEN: simulator.token };
    await using bot = new BotHere("programs/grammy-awaited.ts", simulator, ["--no-inbox"], { env });
    await servingOf(bot);
    assert.equal((await bot.end()).code, 0);
  });

  test("has its token in .env, and gets a stand-in also if it loads that file itself", async () => {
    await using simulator = await Simulator.start();
    using folder = new Folder();
    folder.write(".env", `MY_TOKEN=${simulator.token}\nGREETING=hello\n`);
    folder.write(
      "bot.mts",
      `import { Bot } from ${JSON.stringify(import.meta.resolve("grammy"))};
      process.loadEnvFile();
      const bot = new Bot(process.env.MY_TOKEN);
      bot.on("message", (ctx) => ctx.reply(process.env.GREETING + " " + bot.token.split(":")[1]));
      bot.start();`,
    );
    const options = { cwd: folder.path, env: { ASGIGRAM_TOKEN: "" } };
    await using bot = new Bot("bot.mts", simulator, ["--no-inbox"], options);
    assert.equal((await servingOf(bot)).token, "MY_TOKEN in .env");
    assert.equal(await ask(await simulator.user("ann"), "on"), "hello asgigram-keeps-the-token-----------");
    assert.equal((await bot.end()).code, 0);
  });

  test("beside another one is not served: the message names both", async () => {
    await using simulator = await Simulator.start();
    const env = { BOT_TOKEN: simulator.token, OTHER: `77:${"A".repeat(35)}` };
    await using bot = new BotHere("programs/two-bots.ts", simulator, ["--no-inbox"], { env });
    const { code, stderr } = await bot.process.exit();
    assert.match(stderr, /it starts 2 bots \(ids 4839574812, 77\): asgigram serves one/);
    assert.equal(code, 3);
  });

  test("may call the Bot API as another bot, at the API's own address", async () => {
    await using simulator = await Simulator.start();
    const env = { OTHER: `77:${"A".repeat(35)}`, API: simulator.url, ASGIGRAM_TOKEN: simulator.token };
    await using bot = await startProgramHere("log-bot.ts", simulator, { env });
    assert.equal(await ask(await simulator.user("ann"), "on"), "The owner's bot: 401 Unauthorized");
    assert.equal((await bot.end()).code, 0);
  });
});
