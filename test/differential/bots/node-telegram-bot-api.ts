/** Small bots for node-telegram-bot-api 2 in one file: each talks to the person of its name. It knows nothing of asgigram. */

import { readFileSync } from "node:fs";
import { Bot, type Context, InputFile } from "node-telegram-bot-api";
import { type Content, runTable } from "./table.cjs";

const apiRoot = process.env.API_ROOT!;
const token = process.env.BOT_TOKEN!;
const bot = new Bot(token, { apiRoot });
const { api } = bot;

/** Handles the texts of one person that match. */
const hear = (name: string, pattern: RegExp, handle: (ctx: Context, match: string, chat_id: number) => unknown) =>
  bot.hears(pattern, async (ctx, next) => {
    if (ctx.from?.first_name !== name) return await next();
    return void (await handle(ctx, ctx.match?.[1] ?? "", ctx.chatId!));
  });

await api.setMyCommands({ commands: [{ command: "start", description: "Start" }] });

hear("commands", /^\/start$/, (ctx) => ctx.reply(`Hello, <b>${ctx.from?.first_name}</b>!`, { parse_mode: "HTML" }));
hear("commands", /^\/echo (.+)$/, (ctx, text) =>
  ctx.reply(text, { reply_parameters: { message_id: ctx.message!.message_id } }),
);
hear("commands", /^([^/].*)/, (ctx, text) => ctx.reply(text));

const counter = (count: number) => ({
  inline_keyboard: [
    [
      { text: "More", callback_data: `more:${count + 1}` },
      { text: "Done", callback_data: "done" },
    ],
  ],
});
hear("keyboard", /^\/start$/, (ctx) => ctx.reply("0", { reply_markup: counter(0) }));
bot.on("callback_query", async (ctx) => {
  const { data = "", message } = ctx.callbackQuery!;
  const where = { chat_id: message!.chat.id, message_id: message!.message_id };
  if (data === "done") {
    await ctx.answerCallbackQuery({ text: "Done", show_alert: true });
    await api.editMessageReplyMarkup(where);
  } else {
    const count = Number(data.replace("more:", ""));
    await ctx.answerCallbackQuery();
    await api.editMessageText({ ...where, text: String(count), reply_markup: counter(count) });
  }
});

hear("replies", /^\/start$/, (ctx) =>
  ctx.reply("Tea?", { reply_markup: { keyboard: [[{ text: "Tea" }, { text: "Coffee" }]], resize_keyboard: true } }),
);
hear("replies", /^\/remove$/, (ctx) => ctx.reply("Removed", { reply_markup: { remove_keyboard: true } }));
hear("replies", /^Tea$/, (ctx) => ctx.reply("One tea"));

const sums = new Map<number, number>();
hear("session", /^\/add (\d+)$/, (ctx, number, chat) => {
  sums.set(chat, (sums.get(chat) ?? 0) + Number(number));
  return ctx.reply("Added");
});
hear("session", /^\/sum$/, (ctx, _, chat) => ctx.reply(`Sum: ${sums.get(chat)}`));

bot.on("inline_query", async (ctx) => {
  const { id, query } = ctx.inlineQuery!;
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } } as const;
  const results = query === "" ? [] : [article];
  await api.answerInlineQuery({ inline_query_id: id, results, cache_time: 0, is_personal: true });
});

const dot = new InputFile(new TextEncoder().encode("GIF89a\x01\0\x01\0"), {
  filename: "dot.gif",
  contentType: "image/gif",
});
hear("buffers", /^\/(?:photo|again)$/, (_, __, chat_id) => api.sendPhoto({ chat_id, photo: dot, caption: "a dot" }));
hear("buffers", /^\/document$/, (_, __, chat_id) => {
  const document = new InputFile(new Blob(["one"]), { filename: "one.txt", contentType: "text/plain" });
  return api.sendDocument({ chat_id, document, thumbnail: dot });
});

hear("links", /^\/link$/, (_, __, chat_id) =>
  api.sendPhoto({ chat_id, photo: "https://example.com/a.png", caption: "<i>by</i> link", parse_mode: "HTML" }),
);
hear("album", /^\/album$/, (_, __, chat_id) =>
  api.sendMediaGroup({
    chat_id,
    media: [
      { type: "photo", media: dot, caption: "one" },
      { type: "photo", media: "https://example.com/two.png" },
      {
        type: "photo",
        media: new InputFile(readFileSync(`${import.meta.dirname}/dot.gif`), { filename: "three.gif" }),
      },
    ],
  }),
);

bot.on("message", async (ctx, next) => {
  const document = ctx.message?.document;
  if (document === undefined) return await next();
  const { file_path } = await api.getFile({ file_id: document.file_id });
  const response = await fetch(`${apiRoot}/file/bot${token}/${file_path}`);
  return void (await ctx.reply(`${response.status} ${await response.text()}`));
});

const report = (ctx: Context) => async (error: unknown) =>
  await ctx.reply(`${(error as Error).name}: ${(error as { description?: string }).description}`);

hear("editing", /^\/edit$/, async (ctx, _, chat_id) => {
  const { message_id } = await ctx.reply("before");
  await api.editMessageText({ chat_id, message_id, text: "*after*", parse_mode: "MarkdownV2" });
});
hear("editing", /^\/delete$/, async (ctx, _, chat_id) => {
  const { message_id } = await ctx.reply("short");
  await api.deleteMessage({ chat_id, message_id });
});
hear("editing", /^\/same$/, async (ctx, _, chat_id) => {
  const { message_id } = await ctx.reply("same");
  await api.editMessageText({ chat_id, message_id, text: "same" }).catch(report(ctx));
});
hear("editing", /^\/pin$/, async (ctx, _, chat_id) => {
  const { message_id } = await ctx.reply("pinned");
  await api.pinChatMessage({ chat_id, message_id, disable_notification: true });
});
hear("editing", /^\/forward$/, ({ message }, _, chat_id) =>
  api.forwardMessage({ chat_id, from_chat_id: chat_id, message_id: message!.message_id }),
);

hear("refused", /^\/tell (\d+)$/, (ctx, id) =>
  api.sendMessage({ chat_id: id, text: "to a stranger" }).catch(report(ctx)),
);
hear("refused", /^\/format$/, (ctx) => ctx.reply("<b>open", { parse_mode: "HTML" }).catch(report(ctx)));
hear("refused", /^\/alert$/, (ctx) => api.answerCallbackQuery({ callback_query_id: "77" }).catch(report(ctx)));
hear("blocked", /^\/tell (\d+)$/, (ctx, id) => api.sendMessage({ chat_id: id, text: "hello" }).catch(report(ctx)));
hear("failing", /^\/say (.+)$/, (ctx, text) => ctx.reply(text).catch(report(ctx)));

hear("timer", /^\/later$/, async (ctx) => {
  await ctx.reply("in a moment");
  setTimeout(() => void ctx.reply("from a timer"), 20);
});
hear("timer", /^\/action$/, async (ctx, _, chat_id) => {
  await api.sendChatAction({ chat_id, action: "typing" });
  await ctx.reply("typed");
});

hear("unhandled", /^\/throw$/, () => {
  throw new Error("no luck");
});
hear("unhandled", /^\/reject$/, (ctx) => Promise.reject(new Error(`no luck for ${ctx.from?.first_name}`)));
hear("unhandled", /^on$/, (ctx) => ctx.reply("on"));

let poll = 0;
hear("poll", /^\/poll$/, async (_, __, chat_id) => {
  const options = [{ text: "Yes" }, { text: "No" }];
  poll = (await api.sendPoll({ chat_id, question: "Tea?", options, is_anonymous: false })).message_id;
});
hear("poll", /^\/stop$/, (_, __, chat_id) => api.stopPoll({ chat_id, message_id: poll }));

for (const name of ["methods", "faults"])
  hear(name, /^(\d+)$/, async (ctx, part, chat) => {
    const { message_id } = await ctx.reply("begins");
    const file = ({ bytes, path, stream, name }: Content) => {
      stream?.destroy();
      return new InputFile(bytes ?? readFileSync((path ?? stream?.path)!), { filename: name });
    };
    const all = api as unknown as Record<string, (parameters?: object) => Promise<unknown>>;
    const call = (method: string, parameters?: object) => all[method]!(parameters);
    const errorOf = (error: unknown) => {
      const { name, description, parameters } = error as Error & { description?: string; parameters?: object };
      return JSON.stringify([name, description, parameters]);
    };
    await ctx.reply(await runTable(part, { chat, message: message_id }, file, call, errorOf));
  });

await bot.startPolling();
