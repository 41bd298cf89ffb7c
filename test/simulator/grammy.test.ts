/** Unmodified grammY bots run against the simulator. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { InlineKeyboard } from "grammy";
import { Simulator } from "../../simulator/index.ts";
import { botFor, run } from "./grammy-bot.ts";

test("a grammY echo bot answers in private chats and groups", async () => {
  await using simulator = await Simulator.start();
  const bot = botFor(simulator);
  bot.command("start", (ctx) => ctx.reply("Welcome!"));
  bot.on("message:text", (ctx) => ctx.reply(ctx.message.text, { reply_parameters: { message_id: ctx.msgId } }));
  await using _ = run(bot);

  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  assert.equal((await ann.nextMessage()).text, "Welcome!");
  const sent = await ann.sendText("hello");
  const echo = await ann.nextMessage();
  assert.equal(echo.text, "hello");
  assert.equal(echo.reply_to_message?.message_id, sent.message_id);

  const team = await simulator.group("Team");
  await ann.sendText("hi all", { chat: team });
  assert.equal((await team.nextMessage()).text, "hi all");
  await simulator.confirmed();
});

test("a grammY button bot answers the press and edits its message", async () => {
  await using simulator = await Simulator.start();
  const bot = botFor(simulator);
  const keyboard = new InlineKeyboard().text("Yes", "yes").text("No", "no");
  bot.command("ask", (ctx) => ctx.reply("Well?", { reply_markup: keyboard }));
  bot.callbackQuery("yes", async (ctx) => {
    await ctx.editMessageText("You said yes.");
    await ctx.answerCallbackQuery("Noted");
  });
  await using _ = run(bot);

  const ann = await simulator.user("ann");
  await ann.sendText("/ask");
  const question = await ann.nextMessage();
  assert.equal(question.reply_markup?.inline_keyboard[0]?.[0]?.text, "Yes");
  const press = await ann.press("Yes");
  assert.equal((await press.answered()).text, "Noted");
  const { message } = await ann.chat.next("edited");
  assert.equal(message.text, "You said yes.");
  assert.equal(message.reply_markup, undefined);
});
