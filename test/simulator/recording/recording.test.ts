/** A run is recorded, replayed with other code, and written as a test that passes. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Bot, InlineKeyboard } from "grammy";
import {
  type Recording,
  readRecording,
  replay,
  Simulator,
  SimulatorClient,
  testFrom,
} from "../../../simulator/index.ts";
import { Folder } from "../../folder.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** A bot that asks, edits, pins and errs; its texts differ by `greeting`. */
function botFor({ token, url }: { token: string; url: string }, greeting = "Hello"): Bot {
  const bot = new Bot(token, { client: { apiRoot: url } });
  bot.command("start", (ctx) =>
    ctx.reply(`${greeting}, ${ctx.from?.first_name}!`, { reply_markup: new InlineKeyboard().text("Yes", "y") }),
  );
  bot.callbackQuery("y", async (ctx) => {
    await ctx.answerCallbackQuery("Noted");
    await ctx.editMessageText("You said yes.");
  });
  bot.command("roll", (ctx) => ctx.replyWithDice("🎲"));
  bot.command("quiet", () => {});
  bot.command("album", async (ctx) => {
    const photo = { type: "photo" as const, media: "https://example.com/photo.png" };
    const album = await ctx.replyWithMediaGroup([{ ...photo, caption: "One" }, photo]);
    const ids = album.map(({ message_id }) => message_id);
    await ctx.api.copyMessages(ctx.chat.id, ctx.chat.id, ids);
    await ctx.reply("That was an album.");
  });
  bot.command("pin", async (ctx) => {
    const { message_id } = await ctx.reply("Be kind.");
    for (let i = 0; i < 2; i++) await ctx.pinChatMessage(message_id);
    await ctx.api.copyMessage(ctx.chat.id, ctx.chat.id, message_id);
    const poll = await ctx.replyWithPoll("Well?", ["Yes", "No"]);
    await ctx.api.stopPoll(ctx.chat.id, poll.message_id);
    await ctx.api.editMessageText(ctx.chat.id, message_id, "Be kinder.");
  });
  bot.command("refused", async (ctx) => {
    await ctx.reply("<b>Hello", { parse_mode: "HTML" }).catch(() => ctx.reply("Hello"));
  });
  return bot;
}

async function record(path: string): Promise<Recording> {
  await using simulator = await Simulator.start({ record: path, seed: 7 });
  await simulator.run(botFor(simulator));
  const ann = await simulator.user("Ann Lee", { language_code: "de" });
  await ann.sendText("/start");
  await ann.receives();
  await ann.press("Yes");
  await ann.seesEdit();
  await simulator.advance(3 * 86_400);
  const team = await simulator.group("Team");
  await ann.sendText("/roll", { chat: team });
  await team.receives();
  await ann.sendText("/quiet");
  await ann.receivesNothing();
  await assert.rejects(ann.press("No"), { name: "ActionError" });
  for (const command of ["/album", "/pin", "/refused", "/start"]) {
    await ann.sendText(command);
    await simulator.idle();
  }
  return simulator.recording;
}

test("a recording is a file with acts, updates and calls, and without the token", async () => {
  using folder = new Folder();
  const path = folder.join("run.json");
  const recording = await record(path);
  const read = await readRecording(path);
  assert.deepEqual(read.entries.slice(0, recording.entries.length), JSON.parse(JSON.stringify(recording.entries)));
  const kinds = read.entries.map((entry) =>
    "act" in entry ? entry.act : "update" in entry ? "update" : entry.call.method,
  );
  assert.deepEqual(kinds.slice(0, 7), [
    "user",
    "send",
    "update",
    "sendMessage",
    "press",
    "update",
    "answerCallbackQuery",
  ]);
  assert.ok(!JSON.stringify(read).includes(":AAF"));
});

test("a look at what the bot did is not recorded", async () => {
  await using simulator = await Simulator.start({ record: true });
  await simulator.run(botFor(simulator));
  const ann = await simulator.user("Ann");
  await ann.sendText("/start");
  await simulator.perform("next", { chat_id: ann.id });
  const acts = simulator.recording.entries.flatMap((entry) => ("act" in entry ? [entry.act] : []));
  assert.deepEqual(acts, ["user", "send"]);
});

test("the same code replays without a difference, also after days", async () => {
  using folder = new Folder();
  const path = folder.join("run.json");
  await record(path);
  await replay(path, (simulator) => botFor(simulator));
});

test("the first difference of other code is told, with the act that led to it", async () => {
  using folder = new Folder();
  const path = folder.join("run.json");
  const recording = await record(path);
  await assert.rejects(
    replay(recording, (simulator) => botFor(simulator, "Hi")),
    /^AssertionError.*: after send .*\/start.* the bot called\n[\s\S]*\+ +text: 'Hi, Ann Lee!'\n- +text: 'Hello, Ann Lee!'/,
  );
  const silent = ({ token, url }: Simulator) => {
    const bot = new Bot(token, { client: { apiRoot: url } });
    bot.on("message", () => {});
    return bot;
  };
  await assert.rejects(replay(recording, silent), /after send .*\/start.* the bot did not call sendMessage/);
  const chatty = (simulator: Simulator) => {
    const bot = botFor(simulator);
    bot.on("message:text", (ctx) => ctx.reply("What?"));
    return bot;
  };
  await assert.rejects(
    replay(recording, (simulator) => {
      const bot = chatty(simulator);
      bot.command("never", () => {});
      return bot;
    }).then(() => assert.fail("no difference")),
    /no difference/,
  );
});

test("a recording becomes a test that reads well and passes at once", async () => {
  using folder = new Folder();
  const recording = await record(folder.join("run.json"));
  const source = testFrom(recording, {
    name: "Ann says yes",
    imports: ['import { botFor } from "./bot.ts";'],
    bot: "botFor(simulator)",
  });
  assert.match(
    source,
    /const ann_Lee = await simulator\.user\("Ann Lee", \{"language_code":"de"\}\);\n {2}await ann_Lee\.sendText\("\/start"\);/,
  );
  assert.match(source, /await ann_Lee\.receives\(\{"text":"Hello, Ann Lee!","buttons":\[\["Yes"\]\]\}\);/);
  assert.match(source, /receives\(\{"photo":true,"caption":"One"\}\);\n.*receives\(\{"photo":true\}\);/);
  assert.match(source, /called\("pinChatMessage", .*\);\n.*receives\(\{"pinned_message":true\}\);/);
  assert.match(testFrom(recording, { bot: "bot", runner: "vitest" }), /^import \{ test \} from "vitest";/);
  symlinkSync(join(ROOT, "node_modules"), folder.join("node_modules"));
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", `import { Bot, InlineKeyboard } from "grammy";\nexport ${botFor}`);
  folder.write("recorded.test.ts", source);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--import", new URL("../../from-source.ts", import.meta.url).href, "recorded.test.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder.path, env }).catch(
    (error) => error,
  );
  assert.match(stdout, /pass 1\n/, stdout);
});

test("each bot of a simulator for any token has a file of its own, the first one the file of the option", async () => {
  using folder = new Folder();
  {
    await using simulator = await Simulator.start({ record: folder.join("run.json"), anyToken: true });
    for (const token of ["1:a", "2:b", "3:c"]) {
      const client = new SimulatorClient(simulator.url, token);
      if (token !== "3:c") await (await client.user(`user of ${token}`)).sendText("hi");
      else await client.callsOf();
    }
  }
  for (const [name, user] of Object.entries({ "run.json": "user of 1:a", "run-2.json": "user of 2:b" })) {
    const { entries } = await readRecording(folder.join(name));
    assert.deepEqual((entries[0] as { takes: object }).takes, { name: user });
  }
  assert.equal(existsSync(folder.join("run-3.json")), false);
});
