/** A bot for Telegraf 3, in CommonJS, as people write it. It knows nothing of asgigram. */

const { Telegraf, Markup, session } = require("telegraf3");

const bot = new Telegraf(process.env.BOT_TOKEN);

bot.use(session());

bot.start((ctx) =>
  ctx.reply(
    `Hello from ${ctx.botInfo?.username ?? ctx.me}`,
    Markup.inlineKeyboard([Markup.callbackButton("Press me", "press")]).extra(),
  ),
);
bot.action("press", async (ctx) => {
  await ctx.answerCbQuery("Pressed");
  await ctx.editMessageText("You pressed it.");
});
bot.command("count", (ctx) => {
  ctx.session.count = (ctx.session.count ?? 0) + 1;
  return ctx.reply(`count ${ctx.session.count}`);
});
bot.command("refused", (ctx) =>
  ctx.telegram.sendMessage(987654321, "to a stranger").catch(({ code, on }) => ctx.reply(`${on.method}: ${code}`)),
);
bot.command("file", (ctx) => ctx.replyWithDocument({ source: Buffer.from("three"), filename: "three.txt" }));
bot.command("throw", () => {
  throw new Error("no luck");
});
bot.on("text", (ctx) => ctx.reply(`You said: ${ctx.message.text}`));

if (require.main === module) bot.launch();
