/** A grammY bot with the plugins that most bots have, on the runner. It knows nothing of asgigram. */

import { autoRetry } from "@grammyjs/auto-retry";
import { conversations, createConversation } from "@grammyjs/conversations";
import { hydrate } from "@grammyjs/hydrate";
import { Menu } from "@grammyjs/menu";
import { run } from "@grammyjs/runner";
import { apiThrottler } from "@grammyjs/transformer-throttler";
import { Bot } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN);

bot.api.config.use(autoRetry());
bot.api.config.use(apiThrottler());

bot.use(hydrate());
bot.use(conversations());

async function order(conversation, ctx) {
  await ctx.reply("What do you drink?");
  const { message } = await conversation.waitFor("message:text");
  await ctx.reply(`One ${message.text}.`);
}
bot.use(createConversation(order));
bot.command("order", (ctx) => ctx.conversation.enter("order"));

const menu = new Menu("menu").text("Tea", (ctx) => ctx.editMessageText("You chose tea."));
bot.use(menu);
bot.command("menu", (ctx) => ctx.reply("Choose", { reply_markup: menu }));

bot.command("edit", async (ctx) => {
  const message = await ctx.reply("before");
  await message.editText("after");
});

/** The handler of `/ask` waits for the next message of its chat. */
const asked = new Map();
bot.command("ask", async (ctx) => {
  const { promise, resolve } = Promise.withResolvers();
  asked.set(ctx.chat.id, resolve);
  await ctx.reply("What?");
  await ctx.reply(`That: ${await promise}`);
});

bot.command("slow", async (ctx) => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  await ctx.reply("slow");
});

bot.on("message:text", async (ctx) => {
  const answer = asked.get(ctx.chat.id);
  asked.delete(ctx.chat.id);
  if (answer === undefined) await ctx.reply(`You said: ${ctx.message.text}`);
  else answer(ctx.message.text);
});

run(bot, { runner: { fetch: { allowed_updates: ["message", "callback_query"] } } });
