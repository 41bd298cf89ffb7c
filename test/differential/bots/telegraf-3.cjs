/** Small Telegraf 3 bots in one file: each talks to the person of its name. It knows nothing of asgigram. */

const { Composer, Markup, session, Stage, Telegraf } = require("telegraf3");
const WizardScene = require("telegraf3/scenes/wizard");
const { runTable } = require("./table.cjs");

const apiRoot = process.env.API_ROOT;
const bot = new Telegraf(process.env.BOT_TOKEN, { telegram: { apiRoot } });
const botOf = (name) => {
  const composer = new Composer();
  const handle = (ctx, next) => composer.middleware()(ctx, next);
  bot.use(Composer.optional((ctx) => ctx.from?.first_name === name, handle));
  return composer;
};

bot.telegram.setMyCommands([{ command: "start", description: "Start" }]);

const wizard = new WizardScene(
  "form",
  async (ctx) => {
    await ctx.reply("Name?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    ctx.wizard.state.name = ctx.message.text;
    await ctx.reply("Age?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    if (!/^\d+$/.test(ctx.message.text)) return await ctx.reply("A number, please");
    await ctx.reply(`${ctx.wizard.state.name}, ${ctx.message.text}`);
    return await ctx.scene.leave();
  },
);
bot.use(session());
bot.use(new Stage([wizard]).middleware());

const form = botOf("form");
form.command("form", (ctx) => ctx.scene.enter("form"));
form.on("message", (ctx) => ctx.reply("no form"));

const commands = botOf("commands");
commands.start((ctx) => ctx.replyWithHTML(`Hello, <b>${ctx.from.first_name}</b>!`));
commands.hears(/^\/echo (.+)$/, (ctx) => ctx.reply(ctx.match[1], { reply_to_message_id: ctx.message.message_id }));
commands.on("text", (ctx) => ctx.reply(ctx.message.text));

const keyboard = botOf("keyboard");
const counter = (count) =>
  Markup.inlineKeyboard([Markup.callbackButton("More", `more:${count + 1}`), Markup.callbackButton("Done", "done")]);
keyboard.start((ctx) => ctx.reply("0", counter(0).extra()));
keyboard.action(/^more:(\d+)$/, async (ctx) => {
  await ctx.answerCbQuery();
  await ctx.editMessageText(ctx.match[1], counter(Number(ctx.match[1])).extra());
});
keyboard.action("done", async (ctx) => {
  await ctx.answerCbQuery("Done", true);
  await ctx.editMessageReplyMarkup();
});

const replies = botOf("replies");
replies.start((ctx) =>
  ctx.reply(
    "Tea?",
    Markup.keyboard([["Tea", "Coffee"]])
      .resize()
      .extra(),
  ),
);
replies.command("remove", (ctx) => ctx.reply("Removed", Markup.removeKeyboard().extra()));
replies.hears("Tea", (ctx) => ctx.reply("One tea"));

const sums = botOf("session");
sums.hears(/^\/add (\d+)$/, async (ctx) => {
  ctx.session.sum = (ctx.session.sum ?? 0) + Number(ctx.match[1]);
  await ctx.reply("Added");
});
sums.command("sum", (ctx) => ctx.reply(`Sum: ${ctx.session.sum}`));

botOf("inline").on("inline_query", (ctx) => {
  const { query } = ctx.inlineQuery;
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } };
  return ctx.answerInlineQuery(query === "" ? [] : [article], { cache_time: 0, is_personal: true });
});

botOf("links").command("link", (ctx) =>
  ctx.replyWithPhoto("https://example.com/a.png", { caption: "<i>by</i> link", parse_mode: "HTML" }),
);

botOf("download").on("document", async (ctx) => {
  const response = await fetch(await ctx.telegram.getFileLink(ctx.message.document));
  await ctx.reply(`${response.status} ${await response.text()}`);
});

const report = (ctx) => (error) =>
  ctx.reply(error.description === undefined ? `${error.name} ${error.code}` : `${error.code} ${error.description}`);

const editing = botOf("editing");
editing.command("edit", async (ctx) => {
  const { chat, message_id } = await ctx.reply("before");
  await ctx.telegram.editMessageText(chat.id, message_id, undefined, "*after*", { parse_mode: "MarkdownV2" });
});
editing.command("delete", async (ctx) => {
  const { message_id } = await ctx.reply("short");
  await ctx.deleteMessage(message_id);
});
editing.command("same", async (ctx) => {
  const { chat, message_id } = await ctx.reply("same");
  await ctx.telegram.editMessageText(chat.id, message_id, undefined, "same").catch(report(ctx));
});
editing.command("pin", async (ctx) => {
  const { message_id } = await ctx.reply("pinned");
  await ctx.pinChatMessage(message_id, { disable_notification: true });
});
editing.command("forward", (ctx) => ctx.forwardMessage(ctx.chat.id));

const tell = botOf("refused");
tell.hears(/^\/tell (\d+)$/, (ctx) => ctx.telegram.sendMessage(ctx.match[1], "to a stranger").catch(report(ctx)));
tell.command("format", (ctx) => ctx.replyWithHTML("<b>open").catch(report(ctx)));
tell.command("alert", (ctx) => ctx.telegram.answerCbQuery("77").catch(report(ctx)));
botOf("blocked").hears(/^\/tell (\d+)$/, (ctx) => ctx.telegram.sendMessage(ctx.match[1], "hi").catch(report(ctx)));
botOf("failing").hears(/^\/say (.+)$/, (ctx) => ctx.reply(ctx.match[1]).catch(report(ctx)));

const timer = botOf("timer");
timer.command("later", async (ctx) => {
  await ctx.reply("in a moment");
  setTimeout(() => ctx.reply("from a timer"), 20);
});
timer.command("action", async (ctx) => {
  await ctx.replyWithChatAction("typing");
  await ctx.reply("typed");
});

const thrown = botOf("thrown");
thrown.command("throw", () => {
  throw new Error("no luck");
});
thrown.command("reject", (ctx) => Promise.reject(new Error(`no luck for ${ctx.from.first_name}`)));
thrown.on("text", (ctx) => ctx.reply(ctx.message.text));

let poll;
botOf("poll").command("poll", async (ctx) => {
  poll = (await ctx.replyWithPoll("Tea?", ["Yes", "No"], { is_anonymous: false })).message_id;
});
botOf("poll").command("stop", (ctx) => ctx.telegram.stopPoll(ctx.chat.id, poll));

for (const name of ["methods", "faults"])
  botOf(name).hears(/^\d+$/, async (ctx) => {
    const { chat, message_id } = await ctx.reply("begins");
    const file = ({ bytes, path, stream, name }) => ({ source: bytes ?? path ?? stream, filename: name });
    const call = (method, parameters) => ctx.telegram.callApi(method, parameters);
    const filled = { chat: chat.id, message: message_id };
    const errorOf = (error) => `${error.code} ${JSON.stringify(error.response ?? error.name)}`;
    await ctx.reply(await runTable(ctx.match[0], filled, file, call, errorOf));
  });

bot.catch((error, ctx) => ctx.reply(`caught: ${error}`));
bot.launch();
