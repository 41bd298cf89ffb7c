/** Small GramIO bots in one file: each talks to the person of its name. It knows nothing of asgigram. */

import { createReadStream } from "node:fs";
import { Bot, type ContextType, InlineKeyboard, Keyboard, MediaInput, MediaUpload, TelegramError } from "gramio";
import { type Content, runTable } from "./table.cjs";

const apiRoot = process.env.API_ROOT!;
const token = process.env.BOT_TOKEN!;
const bot = new Bot(token, { api: { baseURL: `${apiRoot}/bot` } });
const { api } = bot;

type MessageContext = ContextType<typeof bot, "message">;

/** Handles the texts of one person that match. */
const hear = (name: string, pattern: RegExp, handle: (ctx: MessageContext, match: string) => unknown) =>
  bot.on("message", async (ctx, next) => {
    const match = ctx.from?.firstName === name ? pattern.exec(ctx.text ?? "") : null;
    if (match === null) return await next();
    return await handle(ctx, match[1] ?? "");
  });

bot.onStart(() => void api.setMyCommands({ commands: [{ command: "start", description: "Start" }] }));

hear("commands", /^\/start$/, (ctx) => ctx.send(`Hello, <b>${ctx.from?.firstName}</b>!`, { parse_mode: "HTML" }));
hear("commands", /^\/echo (.+)$/, (ctx, text) => ctx.reply(text));
hear("commands", /^([^/].*)/, (ctx, text) => ctx.send(text));

const counter = (count: number) => new InlineKeyboard().text("More", `more:${count + 1}`).text("Done", "done");
hear("keyboard", /^\/start$/, (ctx) => ctx.send("0", { reply_markup: counter(0) }));
bot.callbackQuery(/^more:(\d+)$/, async (ctx) => {
  const count = Number(ctx.queryData[1]);
  await ctx.answer();
  await ctx.editText(String(count), { reply_markup: counter(count) });
});
bot.callbackQuery("done", async (ctx) => {
  await ctx.answer({ text: "Done", show_alert: true });
  await ctx.editReplyMarkup(new InlineKeyboard());
});

hear("replies", /^\/start$/, (ctx) =>
  ctx.send("Tea?", { reply_markup: new Keyboard().text("Tea").text("Coffee").resized() }),
);
hear("replies", /^\/remove$/, (ctx) => ctx.send("Removed", { reply_markup: { remove_keyboard: true } }));
hear("replies", /^Tea$/, (ctx) => ctx.send("One tea"));

const sums = new Map<number, number>();
hear("session", /^\/add (\d+)$/, (ctx, number) => {
  sums.set(ctx.chat.id, (sums.get(ctx.chat.id) ?? 0) + Number(number));
  return ctx.send("Added");
});
hear("session", /^\/sum$/, (ctx) => ctx.send(`Sum: ${sums.get(ctx.chat.id)}`));

bot.on("inline_query", (ctx) => {
  const { query } = ctx;
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } } as const;
  return ctx.answer(query === "" ? [] : [article], { cache_time: 0, is_personal: true });
});

/** The beginning of a GIF of one pixel. */
const dot = Buffer.from("GIF89a\x01\0\x01\0");
hear("buffers", /^\/(?:photo|again)$/, (ctx) =>
  ctx.sendPhoto(MediaUpload.buffer(dot, "dot.gif"), { caption: "a dot" }),
);
hear("buffers", /^\/document$/, (ctx) =>
  ctx.sendDocument(MediaUpload.text("one", "one.txt"), { thumbnail: MediaUpload.buffer(dot, "thumbnail.gif") }),
);

const PATH = `${import.meta.dirname}/poem.txt`;
hear("paths", /^\/path$/, async (ctx) => ctx.sendDocument(await MediaUpload.path(PATH)));
hear("paths", /^\/stream$/, async (ctx) =>
  ctx.sendDocument(await MediaUpload.stream(createReadStream(PATH), "stream.txt")),
);

hear("links", /^\/link$/, (ctx) =>
  ctx.sendPhoto("https://example.com/a.png", { caption: "<i>by</i> link", parse_mode: "HTML" }),
);
hear("album", /^\/album$/, (ctx) =>
  ctx.sendMediaGroup([
    MediaInput.photo(MediaUpload.buffer(dot, "one.gif"), { caption: "one" }),
    MediaInput.photo("https://example.com/two.png"),
    MediaInput.photo(MediaUpload.text("GIF87a\x01\0\x01\0", "three.gif")),
  ]),
);

bot.on("message", async (ctx, next) => {
  if (ctx.document === undefined) return await next();
  const bytes = await bot.downloadFile(ctx.document.fileId);
  return await ctx.send(Buffer.from(bytes).toString());
});

const report = (ctx: MessageContext) => async (error: unknown) => {
  if (error instanceof TelegramError) await ctx.send(`${error.method}: ${error.code} ${error.message}`);
  else await ctx.send((error as Error).name);
};

hear("editing", /^\/edit$/, async (ctx) => {
  const { id } = await ctx.send("before");
  await api.editMessageText({ chat_id: ctx.chat.id, message_id: id, text: "*after*", parse_mode: "MarkdownV2" });
});
hear("editing", /^\/delete$/, async (ctx) => {
  const message = await ctx.send("short");
  await message.delete();
});
hear("editing", /^\/same$/, async (ctx) => {
  const { id } = await ctx.send("same");
  await api.editMessageText({ chat_id: ctx.chat.id, message_id: id, text: "same" }).catch(report(ctx));
});
hear("editing", /^\/pin$/, async (ctx) => {
  const { id } = await ctx.send("pinned");
  await api.pinChatMessage({ chat_id: ctx.chat.id, message_id: id, disable_notification: true });
});
hear("editing", /^\/forward$/, (ctx) =>
  api.forwardMessage({ chat_id: ctx.chat.id, from_chat_id: ctx.chat.id, message_id: ctx.id }),
);

hear("refused", /^\/tell (\d+)$/, (ctx, id) =>
  api.sendMessage({ chat_id: id, text: "to a stranger" }).catch(report(ctx)),
);
hear("refused", /^\/format$/, (ctx) =>
  api.sendMessage({ chat_id: ctx.chat.id, text: "<b>open", parse_mode: "HTML" }).catch(report(ctx)),
);
hear("refused", /^\/alert$/, (ctx) => api.answerCallbackQuery({ callback_query_id: "77" }).catch(report(ctx)));
hear("blocked", /^\/tell (\d+)$/, (ctx, id) => api.sendMessage({ chat_id: id, text: "hello" }).catch(report(ctx)));
hear("failing", /^\/say (.+)$/, (ctx, text) => ctx.send(text).catch(report(ctx)));

hear("timer", /^\/later$/, async (ctx) => {
  await ctx.send("in a moment");
  setTimeout(() => void ctx.send("from a timer"), 20);
});
hear("timer", /^\/action$/, async (ctx) => {
  await ctx.sendChatAction("typing");
  await ctx.send("typed");
});

hear("unhandled", /^\/throw$/, () => {
  throw new Error("no luck");
});
hear("unhandled", /^\/reject$/, (ctx) => Promise.reject(new Error(`no luck for ${ctx.from?.firstName}`)));
hear("unhandled", /^on$/, (ctx) => ctx.send("on"));

let poll: Promise<{ message_id: number }>;
hear("poll", /^\/poll$/, async (ctx) => {
  const options = [{ text: "Yes" }, { text: "No" }];
  poll = api.sendPoll({ chat_id: ctx.chat.id, question: "Tea?", options, is_anonymous: false }) as typeof poll;
  await poll;
});
hear("poll", /^\/stop$/, async (ctx) => api.stopPoll({ chat_id: ctx.chat.id, message_id: (await poll).message_id }));

for (const name of ["methods", "faults"])
  hear(name, /^(\d+)$/, async (ctx, part) => {
    const { id } = await ctx.send("begins");
    const file = ({ bytes, path, stream, name }: Content) => {
      if (bytes !== undefined) return MediaUpload.buffer(bytes, name);
      return path === undefined ? MediaUpload.stream(stream!, name) : MediaUpload.path(path, name);
    };
    const all = api as unknown as Record<string, (parameters?: object) => Promise<unknown>>;
    const call = (method: string, parameters?: object) => all[method]!(parameters);
    const errorOf = (error: unknown) =>
      error instanceof TelegramError
        ? `${error.code} ${JSON.stringify([error.message, error.payload])}`
        : (error as Error).name;
    await ctx.send(await runTable(part, { chat: ctx.chat.id, message: id }, file, call, errorOf));
  });

await bot.start();
