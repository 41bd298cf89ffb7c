/** A grammY bot with a session and a conversation, both kept with the inbox. */

import { setTimeout as wait } from "node:timers/promises";
import { type Conversation, type ConversationFlavor, conversations, createConversation } from "@grammyjs/conversations";
import { Bot, type Context, type SessionFlavor, session } from "grammy";
import { createStorage, store } from "../../../../src/storage/storage.ts";

interface Session {
  texts: string[];
}
type BotContext = ConversationFlavor<Context & SessionFlavor<Session>>;

const bot = new Bot<BotContext>(process.env.BOT_TOKEN!);

// An event is not settled as soon as its session is written.
bot.use(async (_ctx, next) => {
  await next();
  await wait(20);
});
bot.use(session({ initial: (): Session => ({ texts: [] }), storage: store }));
bot.use(conversations({ storage: createStorage({ prefix: "conversation/" }) }));
bot.use(createConversation<BotContext, Context>(order));
bot.command("order", (ctx) => ctx.conversation.enter("order"));
bot.command("texts", (ctx) => ctx.reply(ctx.session.texts.join(" ")));
bot.on("message:text", async (ctx) => {
  ctx.session.texts.push(ctx.message.text);
  await ctx.reply(`${ctx.message.text} of ${ctx.session.texts.length}`);
});

async function order(conversation: Conversation<BotContext, Context>, ctx: Context): Promise<void> {
  await ctx.reply("which size?");
  const size = await conversation.form.text();
  await ctx.reply("which pizza?");
  await ctx.reply(`${size} ${await conversation.form.text()}`);
}

bot.start();
