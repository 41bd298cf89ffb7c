/** Small grammY bots in one file: each talks to the person of its name. It knows nothing of asgigram. */

import { createReadStream } from "node:fs";
import { autoRetry } from "@grammyjs/auto-retry";
import { type ConversationFlavor, conversations, createConversation } from "@grammyjs/conversations";
import { Menu } from "@grammyjs/menu";
import {
  Bot,
  type Context,
  GrammyError,
  HttpError,
  InlineKeyboard,
  InputFile,
  Keyboard,
  type SessionFlavor,
  session,
} from "grammy";
import { type Content, runTable } from "./table.cjs";

type Session = SessionFlavor<{ sum: number }>;
type BotContext = ConversationFlavor<Context & Session>;

const apiRoot = process.env.API_ROOT!;
const token = process.env.BOT_TOKEN!;
const bot = new Bot<BotContext>(token, { client: { apiRoot } });
const botOf = (name: string) => bot.filter((ctx) => ctx.from?.first_name === name);

await bot.api.setMyDescription("Small bots");
await bot.api.setMyCommands([{ command: "start", description: "Start" }]);

bot.use(session({ initial: () => ({ sum: 0 }) }));
bot.use(conversations());

const commands = botOf("commands");
commands.command("start", (ctx) =>
  ctx.reply(`Hello, <b>${ctx.from?.first_name}</b>! I am @${ctx.me.username}.`, { parse_mode: "HTML" }),
);
commands.command("echo", (ctx) => ctx.reply(ctx.match, { reply_parameters: { message_id: ctx.message!.message_id } }));
commands.on("message:text", (ctx) => ctx.reply(ctx.message.text));

const keyboard = botOf("keyboard");
const counter = (count: number) => new InlineKeyboard().text("More", `more:${count + 1}`).text("Done", "done");
keyboard.command("start", (ctx) => ctx.reply("0", { reply_markup: counter(0) }));
keyboard.callbackQuery(/^more:(\d+)$/, async (ctx) => {
  await ctx.answerCallbackQuery();
  await ctx.editMessageText(ctx.match[1]!, { reply_markup: counter(Number(ctx.match[1])) });
});
keyboard.callbackQuery("done", async (ctx) => {
  await ctx.answerCallbackQuery({ text: "Done", show_alert: true });
  await ctx.editMessageReplyMarkup();
});

const replies = botOf("replies");
replies.command("start", (ctx) =>
  ctx.reply("Tea?", { reply_markup: new Keyboard().text("Tea").text("Coffee").resized() }),
);
replies.command("remove", (ctx) => ctx.reply("Removed", { reply_markup: { remove_keyboard: true } }));
replies.hears("Tea", (ctx) => ctx.reply("One tea"));

const sums = botOf("session");
sums.command("add", async (ctx) => {
  ctx.session.sum += Number(ctx.match);
  await ctx.reply("Added");
});
sums.command("sum", (ctx) => ctx.reply(`Sum: ${ctx.session.sum}`));

const form = botOf("form");
form.use(
  createConversation<BotContext, Context>(async (conversation, ctx) => {
    await ctx.reply("Name?");
    const name = await conversation.form.text();
    await ctx.reply("Age?");
    const age = await conversation.form.int({ otherwise: (again) => again.reply("A number, please") });
    await ctx.reply(`${name}, ${age}`);
  }, "form"),
);
form.command("form", (ctx) => ctx.conversation.enter("form"));
form.on("message", (ctx) => ctx.reply("no form"));

botOf("inline").on("inline_query", (ctx) => {
  const { query } = ctx.inlineQuery;
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } } as const;
  return ctx.answerInlineQuery(query === "" ? [] : [article], { cache_time: 0, is_personal: true });
});

/** The beginning of a GIF of one pixel. */
const dot = Buffer.from("GIF89a\x01\0\x01\0");
const buffers = botOf("buffers");
const photo = new InputFile(dot, "dot.gif");
buffers.command(["photo", "again"], (ctx) =>
  ctx.replyWithPhoto(photo, { caption: "a <i>dot</i>", parse_mode: "HTML" }),
);
buffers.command("document", (ctx) => {
  const thumbnail = new InputFile(dot, "thumbnail.gif");
  return ctx.replyWithDocument(new InputFile(Buffer.from("one"), "one.txt"), { thumbnail });
});

const paths = botOf("paths");
const PATH = `${import.meta.dirname}/poem.txt`;
paths.command("path", (ctx) => ctx.replyWithDocument(new InputFile(PATH)));
paths.command("stream", (ctx) => ctx.replyWithDocument(new InputFile(createReadStream(PATH), "stream.txt")));

botOf("links").command("link", (ctx) => ctx.replyWithPhoto("https://example.com/a.png", { caption: "by link" }));

botOf("album").command("album", (ctx) =>
  ctx.replyWithMediaGroup([
    { type: "photo", media: new InputFile(dot, "one.gif"), caption: "one" },
    { type: "photo", media: "https://example.com/two.png" },
    { type: "photo", media: new InputFile(Buffer.from("GIF87a\x01\0\x01\0"), "three.gif") },
  ]),
);

botOf("download").on("message:document", async (ctx) => {
  const { file_path } = await ctx.getFile();
  const response = await fetch(`${apiRoot}/file/bot${token}/${file_path}`);
  await ctx.reply(`${response.status} ${await response.text()}`);
});

const editing = botOf("editing");
editing.command("edit", async (ctx) => {
  const { chat, message_id } = await ctx.reply("before");
  await ctx.api.editMessageText(chat.id, message_id, "*after*", { parse_mode: "MarkdownV2" });
});
editing.command("delete", async (ctx) => {
  const { chat, message_id } = await ctx.reply("short");
  await ctx.api.deleteMessage(chat.id, message_id);
});
editing.command("same", async (ctx) => {
  const { chat, message_id } = await ctx.reply("same");
  await ctx.api.editMessageText(chat.id, message_id, "same").catch(report(ctx));
});
editing.command("pin", async (ctx) => {
  const { message_id } = await ctx.reply("pinned");
  await ctx.pinChatMessage(message_id, { disable_notification: true });
});
editing.command("forward", (ctx) => ctx.forwardMessage(ctx.chat.id));

const lossOf = ({ name, code }: NodeJS.ErrnoException) => `${name} ${code}`;
const report = (ctx: Context) => async (error: unknown) => {
  if (error instanceof GrammyError) await ctx.reply(`${error.method}: ${error.error_code} ${error.description}`);
  else if (error instanceof HttpError) await ctx.reply(lossOf(error.error as NodeJS.ErrnoException));
  else throw error;
};

const tell = botOf("refused");
tell.command("tell", (ctx) => ctx.api.sendMessage(ctx.match, "to a stranger").catch(report(ctx)));
tell.command("format", (ctx) => ctx.reply("<b>open", { parse_mode: "HTML" }).catch(report(ctx)));
tell.command("alert", (ctx) => ctx.api.answerCallbackQuery("77").catch(report(ctx)));

botOf("blocked").command("tell", (ctx) => ctx.api.sendMessage(ctx.match, "hello").catch(report(ctx)));
botOf("flood").command("say", async (ctx) => {
  ctx.api.config.use(autoRetry());
  await ctx.reply(ctx.match);
});
botOf("failing").command("say", (ctx) => ctx.reply(ctx.match).catch(report(ctx)));

const timer = botOf("timer");
timer.command("later", async (ctx) => {
  await ctx.reply("in a moment");
  setTimeout(() => void ctx.api.sendMessage(ctx.chat.id, "from a timer"), 20);
});
timer.command("action", async (ctx) => {
  await ctx.replyWithChatAction("typing");
  await ctx.reply("typed");
});

const thrown = botOf("thrown");
thrown.command("throw", () => {
  throw new Error("no luck");
});
thrown.command("reject", async (ctx) => {
  await Promise.reject(new Error(`no luck for ${ctx.from?.first_name}`));
});
thrown.on("message:text", (ctx) => ctx.reply(ctx.message.text));

const polls = botOf("poll");
let poll = 0;
polls.command("poll", async (ctx) => {
  poll = (await ctx.replyWithPoll("Tea?", ["Yes", "No"], { is_anonymous: false })).message_id;
});
polls.command("stop", (ctx) => ctx.api.stopPoll(ctx.chat.id, poll));

const menus = botOf("menu");
const submenu = new Menu<BotContext>("tea").back("Back");
const menu = new Menu<BotContext>("drinks").submenu("Tea", "tea");
menu.register(submenu);
menus.use(menu);
menus.command("menu", (ctx) => ctx.reply("Choose", { reply_markup: menu }));

const tables = bot.filter((ctx) => ["methods", "faults"].includes(ctx.from?.first_name ?? ""));
tables.hears(/^\d+$/, async (ctx) => {
  const { chat, message_id } = await ctx.reply("begins");
  const file = ({ bytes, path, stream, name }: Content) => new InputFile((bytes ?? path ?? stream)!, name);
  const raw = bot.api.raw as unknown as Record<string, (parameters?: object) => Promise<unknown>>;
  const call = (method: string, parameters?: object) => raw[method]!(parameters);
  const errorOf = (error: unknown) => {
    if (error instanceof GrammyError)
      return `${error.error_code} ${JSON.stringify([error.description, error.parameters])}`;
    return error instanceof HttpError ? lossOf(error.error as NodeJS.ErrnoException) : `${error}`;
  };
  const filled = { chat: chat.id, message: message_id };
  await ctx.reply(await runTable(String(ctx.match), filled, file, call, errorOf));
});

bot.catch(({ ctx, error }) => ctx.reply(`caught: ${error}`));

bot.start();
