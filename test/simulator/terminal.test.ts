import assert from "node:assert/strict";
import { sep } from "node:path";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Message } from "@grammyjs/types";
import { InlineKeyboard } from "grammy";
import { runTerminalChat, Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { callerOf } from "./caller.ts";
import { botFor, run } from "./grammy-bot.ts";
import { pngHeader } from "./png-header.ts";

/** A bot that replies, edits, deletes and shows buttons; `idle` resolves when it has no update in progress. */
function busyBot(simulator: Simulator) {
  const bot = botFor(simulator);
  let working = 0;
  const waiters: (() => void)[] = [];
  bot.use(async (_, next) => {
    working++;
    await next();
    if (--working === 0) for (const resolve of waiters.splice(0)) resolve();
  });
  bot.command("ask", (ctx) =>
    ctx.reply("Well?", { reply_markup: new InlineKeyboard().text("Yes", "y").text("No", "n") }),
  );
  bot.command("help", (ctx) => ctx.reply("I cannot help."));
  bot.on("callback_query:data", async (ctx) => {
    await ctx.answerCallbackQuery(`You pressed ${ctx.callbackQuery.data}`);
    await ctx.editMessageText("Done.");
    await ctx.deleteMessage();
  });
  bot.on("message:file", (ctx) => ctx.reply(describe(ctx.msg)));
  bot.on("message:text", (ctx) => ctx.reply(`${ctx.from.first_name}: ${ctx.msg.text}`));
  const idle = async () => {
    if (working > 0) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  return { bot, idle };
}

/** The kind and the details of a file. */
function describe({ photo, video, voice, document }: Message): string {
  if (photo !== undefined) return `photo ${photo.at(-1)!.width} x ${photo.at(-1)!.height}`;
  if (video !== undefined) return `video ${video.file_name} ${video.mime_type} ${video.duration} s`;
  if (voice !== undefined) return `voice ${voice.mime_type} ${voice.duration} s`;
  return `file ${document?.file_name}`;
}

/** The output for these lines of piped input. */
async function transcript(lines: string[]): Promise<string> {
  await using simulator = await Simulator.start();
  const { bot, idle } = busyBot(simulator);
  await using _ = run(bot);
  const [input, output] = [new PassThrough(), new PassThrough()];
  const printed = textOf(output);
  input.end(lines.map((line) => `${line}\n`).join(""));
  await runTerminalChat({ simulator, input, output, idle });
  output.end();
  return await printed;
}

test("without a terminal the chat prints the bot's side in order and ends with the input", async () => {
  assert.equal(await transcript(["one", "", "two"]), "Bot: ann: one\nBot: ann: two\n");
});

test("buttons are shown and pressed by number", async () => {
  assert.equal(
    await transcript(["/1", "/ask", "/2", "/1"]),
    [
      "(this chat has no buttons yet)",
      "Bot: Well?\n  [1] Yes  [2] No",
      "Bot answers: You pressed n",
      "Bot edited: Done.",
      "Bot deleted message 2",
      "(this chat has no buttons yet)\n",
    ].join("\n"),
  );
});

test("/as changes the user, /chat opens a group and returns", async () => {
  assert.equal(
    await transcript(["/as bob", "hi", "/chat Team", "hi all", "/as ann", "me too", "/chat", "bye"]),
    "Bot: bob: hi\nBot: bob: hi all\nBot: ann: me too\nBot: ann: bye\n",
  );
});

test("files are sent as what the command says", async () => {
  using folder = new Folder();
  folder.write("cat.png", pngHeader(640, 480));
  folder.write("cat.mov", Buffer.alloc(1_000_000));
  folder.write("purr.ogg", Buffer.alloc(10));
  const path = (name: string) => folder.join(name);
  const printed = await transcript([
    `/photo ${path("cat.png")}`,
    `/video ${path("cat.mov")}`,
    `/voice ${path("purr.ogg")}`,
    `/file ${path("cat.png")}`,
    `/photo ${path("purr.ogg")}`,
    `/photo ${path("dog.png")}`,
    "/video",
  ]);
  assert.deepEqual(
    printed
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(folder.path, "")),
    [
      "Bot: photo 640 x 480",
      "Bot: video cat.mov video/quicktime 4 s",
      "Bot: voice audio/ogg 1 s",
      "Bot: file cat.png",
      "(this file is no photo: it is neither a PNG, a JPEG nor a WebP)",
      `(ENOENT: no such file or directory, open '${sep}dog.png')`,
      "Write /video PATH; see /help.",
    ],
  );
});

test("a second slash sends /help to the bot, and /quit leaves", async () => {
  const printed = await transcript(["//help", "/help", "/quit", "not sent"]);
  assert.match(printed, /^Bot: I cannot help\.\nType a line/);
  assert.doesNotMatch(printed, /not sent/);
});

test("control characters of the bot are shown as escapes, also in errors and in the names of chats", async () => {
  // As at Telegram, a message has few of them.
  assert.equal(await transcript(["\u001b[31mred\u202e \u009b2J"]), "Bot: ann:  [31mred \\u009b2J\n");
  assert.match(await transcript(["hi", "/file \u009b2J"]), /\(ENOENT: no such file or directory, open '\\u009b2J'\)/);
});

test("a title that the bot has set can do nothing in the prompt", async () => {
  await using simulator = await Simulator.start();
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const chat = runTerminalChat({ simulator, input, output, idle: async () => {} });
  const { id } = await simulator.group("Team", { bot: "administrator" });
  await (await simulator.user("ann")).sendText("hi", { chat: await simulator.group("Team", { bot: "administrator" }) });
  const title = "\u001b]0;owned\u0007\nann @ Team> ";
  assert.equal((await callerOf(simulator)("setChatTitle", { chat_id: id, title })).ok, true);
  input.end(`/chat ${title.replace("\n", " ")}\n/chat Other\n/quit\n`);
  await chat;
  output.end();
  const printed = await textOf(output);
  assert.match(printed, /owned/);
  assert.ok(!printed.includes("\u001b]") && !printed.includes("\u0007"), printed);
});

test("at a terminal the prompt names user and chat, and the bot's events are shown at once", async () => {
  await using simulator = await Simulator.start();
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const chat = runTerminalChat({ simulator, input, output, idle: async () => {} });
  let printed = "";
  output.on("data", (chunk) => {
    printed += chunk;
  });
  const shows = async (text: string) => {
    while (!printed.includes(text)) await setImmediate();
  };
  await shows("Talk to the bot. /help lists the commands");
  await shows("ann @ private> ");
  input.write("hello\n/chat Team\n");
  await shows("ann @ Team> ");
  const ann = await simulator.user("ann");
  const call = callerOf(simulator);
  await call("sendChatAction", { chat_id: ann.id, action: "typing" });
  await shows("[ann] Bot is typing …\n");
  const { id } = await simulator.group("Team");
  await call("sendMessage", { chat_id: id, text: "hi" });
  await shows("\u001b[2KBot: hi\n");
  input.end("/quit\n");
  await chat;
});

test("a signal ends the chat", async () => {
  await using simulator = await Simulator.start();
  const leaving = new AbortController();
  const chat = runTerminalChat({
    simulator,
    input: new PassThrough(),
    output: new PassThrough(),
    idle: async () => {},
    signal: leaving.signal,
  });
  leaving.abort();
  await chat;
});
