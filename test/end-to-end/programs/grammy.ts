/** A grammY bot as people write it. It knows nothing of asgigram. */

import { Bot, type Context, GrammyError, InlineKeyboard, InputFile, type SessionFlavor, session } from "grammy";

if (process.env.BOT_TOKEN === undefined || !/^\d+:[\w-]{35}$/.test(process.env.BOT_TOKEN)) {
  throw new Error("BOT_TOKEN is missing");
}

interface Session {
  count: number;
}

const bot = new Bot<Context & SessionFlavor<Session>>(process.env.BOT_TOKEN);

await bot.api.setMyCommands([{ command: "start", description: "Start" }]);

bot.use(session({ initial: (): Session => ({ count: 0 }) }));

bot.command("start", (ctx) =>
  ctx.reply(`Hello, <b>${ctx.from?.first_name}</b>! I am @${ctx.me.username}.`, {
    parse_mode: "HTML",
    reply_markup: new InlineKeyboard().text("Press me", "press"),
  }),
);

bot.callbackQuery("press", async (ctx) => {
  await ctx.answerCallbackQuery("Pressed");
  await ctx.editMessageText("You pressed it.");
});

bot.command("count", async (ctx) => {
  ctx.session.count += 1;
  await ctx.reply(`count ${ctx.session.count}`);
});

// Neither reply is awaited.
bot.command("both", (ctx) => {
  void ctx.reply("first").then(() => ctx.reply("third"));
  void ctx.reply("second");
});

bot.command("token", (ctx) => ctx.reply(String(process.env.BOT_TOKEN).replace(/^\d+:/, "")));

bot.command("refused", async (ctx) => {
  try {
    await ctx.api.sendMessage(987654321, "to a stranger");
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    await ctx.reply(`${error.method}: ${error.error_code} ${error.description}`);
  }
});

bot.command("photo", (ctx) =>
  ctx.replyWithPhoto(new InputFile(Buffer.from("GIF89a\x01\0\x01\0"), "dot.gif"), {
    caption: "a dot",
    parse_mode: "HTML",
  }),
);

bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup([
    { type: "document", media: new InputFile(Buffer.from("one"), "one.txt") },
    { type: "document", media: new InputFile(Buffer.from("two"), "two.txt"), caption: "two" },
  ]),
);

bot.command("throw", () => {
  throw new Error("no luck");
});

/** The handler of `/once` throws at its first message. */
let isBroken = true;
bot.command("once", async (ctx) => {
  if (isBroken) {
    isBroken = false;
    throw new Error("not yet");
  }
  await ctx.reply("now");
});

bot.command("update", (ctx) => ctx.reply(JSON.stringify(ctx.update)));

bot.command("left", () => {
  void Promise.reject(new Error("left behind"));
});

if (process.env.CATCHES) bot.catch(({ ctx, error }) => ctx.reply(`caught: ${error}`));

bot.on("message:text", (ctx) => ctx.reply(`You said: ${ctx.message.text}`));

bot.start({ onStart: ({ username }) => console.log(`started as @${username}`) });
