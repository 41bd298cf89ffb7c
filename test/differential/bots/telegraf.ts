/** Small Telegraf bots in one file: each talks to the person of its name. It knows nothing of asgigram. */

import { Composer, type Context, Markup, type Middleware, Scenes, session, Telegraf, TelegramError } from "telegraf";
import { message } from "telegraf/filters";
import { type Content, runTable } from "./table.cjs";

interface Session extends Scenes.WizardSession {
  sum?: number;
}

interface BotContext extends Context {
  session: Session;
  scene: Scenes.SceneContextScene<BotContext, Scenes.WizardSessionData>;
  wizard: Scenes.WizardContextWizard<BotContext>;
}

const apiRoot = process.env.API_ROOT!;
const bot = new Telegraf<BotContext>(process.env.BOT_TOKEN!, { telegram: { apiRoot } });
const botOf = (name: string) => {
  const composer = new Composer<BotContext>();
  const handle: Middleware<BotContext> = (ctx, next) => composer.middleware()(ctx, next);
  bot.use(Composer.optional((ctx) => ctx.from?.first_name === name, handle));
  return composer;
};

void bot.telegram.setMyCommands([{ command: "start", description: "Start" }], { language_code: "en" });

const wizard = new Scenes.WizardScene<BotContext>(
  "form",
  async (ctx) => {
    await ctx.reply("Name?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    Object.assign(ctx.scene.session, { name: ctx.text });
    await ctx.reply("Age?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    if (!/^\d+$/.test(ctx.text ?? "")) return await ctx.reply("A number, please");
    const { name } = ctx.scene.session as unknown as { name: string };
    await ctx.reply(`${name}, ${ctx.text}`);
    return await ctx.scene.leave();
  },
);

bot.use(session());
bot.use(new Scenes.Stage<BotContext>([wizard]).middleware());

const form = botOf("form");
form.command("form", (ctx) => ctx.scene.enter("form"));
form.on("message", (ctx) => ctx.reply("no form"));

const commands = botOf("commands");
commands.start((ctx) => ctx.replyWithHTML(`Hello, <b>${ctx.from.first_name}</b>! I am @${ctx.me}.`));
commands.command("echo", (ctx) => ctx.reply(ctx.payload, { reply_parameters: { message_id: ctx.message.message_id } }));
commands.on(message("text"), (ctx) => ctx.reply(ctx.message.text));

const keyboard = botOf("keyboard");
const counter = (count: number) =>
  Markup.inlineKeyboard([Markup.button.callback("More", `more:${count + 1}`), Markup.button.callback("Done", "done")]);
keyboard.start((ctx) => ctx.reply("0", counter(0)));
keyboard.action(/^more:(\d+)$/, async (ctx) => {
  await ctx.answerCbQuery();
  await ctx.editMessageText(ctx.match[1]!, counter(Number(ctx.match[1])));
});
keyboard.action("done", async (ctx) => {
  await ctx.answerCbQuery("Done", { show_alert: true });
  await ctx.editMessageReplyMarkup(undefined);
});

const replies = botOf("replies");
replies.start((ctx) => ctx.reply("Tea?", Markup.keyboard([["Tea", "Coffee"]]).resize()));
replies.command("remove", (ctx) => ctx.reply("Removed", Markup.removeKeyboard()));
replies.hears("Tea", (ctx) => ctx.reply("One tea"));

const sums = botOf("session");
sums.command("add", async (ctx) => {
  ctx.session.sum = (ctx.session.sum ?? 0) + Number(ctx.payload);
  await ctx.reply("Added");
});
sums.command("sum", (ctx) => ctx.reply(`Sum: ${ctx.session.sum}`));

botOf("inline").on("inline_query", (ctx) => {
  const { query } = ctx.inlineQuery;
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } } as const;
  return ctx.answerInlineQuery(query === "" ? [] : [article], { cache_time: 0, is_personal: true });
});

botOf("links").command("link", (ctx) =>
  ctx.replyWithPhoto("https://example.com/a.png", { caption: "<i>by</i> link", parse_mode: "HTML" }),
);

botOf("download").on(message("document"), async (ctx) => {
  const link = await ctx.telegram.getFileLink(ctx.message.document);
  const response = await fetch(link);
  await ctx.reply(`${response.status} ${await response.text()}`);
});

const report = (ctx: Context) => async (error: unknown) => {
  if (error instanceof TelegramError) await ctx.reply(`${error.code} ${error.description}`);
  else await ctx.reply(`${(error as Error).name} ${(error as { code?: string }).code}`);
};

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
tell.command("tell", (ctx) => ctx.telegram.sendMessage(ctx.payload, "to a stranger").catch(report(ctx)));
tell.command("format", (ctx) => ctx.replyWithHTML("<b>open").catch(report(ctx)));
tell.command("alert", (ctx) => ctx.telegram.answerCbQuery("77").catch(report(ctx)));

botOf("blocked").command("tell", (ctx) => ctx.telegram.sendMessage(ctx.payload, "hello").catch(report(ctx)));
botOf("failing").command("say", (ctx) => ctx.reply(ctx.payload).catch(report(ctx)));

const timer = botOf("timer");
timer.command("later", async (ctx) => {
  await ctx.reply("in a moment");
  setTimeout(() => void ctx.reply("from a timer"), 20);
});
timer.command("action", async (ctx) => {
  await ctx.sendChatAction("typing");
  await ctx.reply("typed");
});

const thrown = botOf("thrown");
thrown.command("throw", () => {
  throw new Error("no luck");
});
thrown.command("reject", (ctx) => Promise.reject(new Error(`no luck for ${ctx.from.first_name}`)));
thrown.on(message("text"), (ctx) => ctx.reply(ctx.message.text));

// As values of a database often are.
botOf("nulls").command("null", (ctx) => {
  const button = { text: "More", callback_data: "more", url: null };
  const link_preview_options = { is_disabled: true, url: null };
  return ctx.reply("null", { reply_markup: { inline_keyboard: [[button]] }, link_preview_options } as object);
});

const missing = botOf("missing");
missing.command("missing", (ctx) => ctx.replyWithDocument({ source: "no-such-file.txt" }).catch(report(ctx)));
missing.command("folder", (ctx) => ctx.replyWithDocument({ source: "." }).catch(report(ctx)));

const polls = botOf("poll");
let poll = 0;
polls.command("poll", async (ctx) => {
  poll = (await ctx.replyWithPoll("Tea?", ["Yes", "No"], { is_anonymous: false })).message_id;
});
polls.command("stop", (ctx) => ctx.telegram.stopPoll(ctx.chat.id, poll));

for (const name of ["methods", "faults"])
  botOf(name).hears(/^\d+$/, async (ctx) => {
    const { chat, message_id } = await ctx.reply("begins");
    const file = ({ bytes, path, stream, name }: Content) => ({ source: bytes ?? path ?? stream, filename: name });
    const call = (method: string, parameters?: object) =>
      ctx.telegram.callApi(method as "sendMessage", (parameters ?? {}) as never);
    const errorOf = (error: unknown) => {
      if (error instanceof TelegramError)
        return `${error.code} ${JSON.stringify([error.description, error.parameters])}`;
      return `${(error as Error).name} ${(error as NodeJS.ErrnoException).code}`;
    };
    const filled = { chat: chat.id, message: message_id };
    await ctx.reply(await runTable(ctx.match[0], filled, file, call, errorOf));
  });

bot.catch(async (error, ctx) => void (await ctx.reply(`caught: ${error}`)));

void bot.launch();
