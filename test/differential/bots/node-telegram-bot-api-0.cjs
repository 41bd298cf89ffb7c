/** Small bots for node-telegram-bot-api 0.66 in one file: each talks to the person of its name. It knows nothing of asgigram. */

const { createReadStream } = require("node:fs");
const { join } = require("node:path");
const TelegramBot = require("node-telegram-bot-api-0");
const { runTable } = require("./table.cjs");

const bot = new TelegramBot(process.env.BOT_TOKEN, { polling: true, baseApiUrl: process.env.API_ROOT });
/** Handles the texts of one person that match. */
const hear = (name, pattern, handle) =>
  bot.onText(pattern, (msg, match) => (msg.from.first_name === name ? handle(msg, match) : undefined));

bot.setMyCommands([{ command: "start", description: "Start" }]);
process.on("unhandledRejection", (error) => console.error(error));

hear("commands", /^\/start$/, ({ chat, from }) =>
  bot.sendMessage(chat.id, `Hello, <b>${from.first_name}</b>!`, { parse_mode: "HTML" }),
);
hear("commands", /^\/echo (.+)$/, ({ chat, message_id }, [, text]) =>
  bot.sendMessage(chat.id, text, { reply_to_message_id: message_id }),
);
hear("commands", /^[^/]/, ({ chat, text }) => bot.sendMessage(chat.id, text));

const counter = (count) => ({
  inline_keyboard: [
    [
      { text: "More", callback_data: `more:${count + 1}` },
      { text: "Done", callback_data: "done" },
    ],
  ],
});
hear("keyboard", /^\/start$/, ({ chat }) => bot.sendMessage(chat.id, "0", { reply_markup: counter(0) }));
bot.on("callback_query", async ({ id, data, message }) => {
  const where = { chat_id: message.chat.id, message_id: message.message_id };
  if (data === "done") {
    await bot.answerCallbackQuery(id, { text: "Done", show_alert: true });
    await bot.editMessageReplyMarkup({ inline_keyboard: [] }, where);
  } else {
    const count = Number(data.replace("more:", ""));
    await bot.answerCallbackQuery(id);
    await bot.editMessageText(String(count), { ...where, reply_markup: counter(count) });
  }
});

hear("replies", /^\/start$/, ({ chat }) =>
  bot.sendMessage(chat.id, "Tea?", {
    reply_markup: { keyboard: [[{ text: "Tea" }, { text: "Coffee" }]], resize_keyboard: true },
  }),
);
hear("replies", /^\/remove$/, ({ chat }) =>
  bot.sendMessage(chat.id, "Removed", { reply_markup: { remove_keyboard: true } }),
);
hear("replies", /^Tea$/, ({ chat }) => bot.sendMessage(chat.id, "One tea"));

const sums = new Map();
hear("session", /^\/add (\d+)$/, ({ chat }, [, number]) => {
  sums.set(chat.id, (sums.get(chat.id) ?? 0) + Number(number));
  bot.sendMessage(chat.id, "Added");
});
hear("session", /^\/sum$/, ({ chat }) => bot.sendMessage(chat.id, `Sum: ${sums.get(chat.id)}`));

/** Listens before it asks: the answer may come before that of Telegram. */
const ask = async (chat, question) => {
  const answer = new Promise((resolve) => bot.once("text", resolve));
  await bot.sendMessage(chat.id, question);
  return (await answer).text;
};
hear("form", /^\/form$/, async ({ chat }) => {
  const name = await ask(chat, "Name?");
  let age = await ask(chat, "Age?");
  while (!/^\d+$/.test(age)) age = await ask(chat, "A number, please");
  await bot.sendMessage(chat.id, `${name}, ${age}`);
});
hear("form", /^over$/, ({ chat }) => bot.sendMessage(chat.id, "no form"));

bot.on("inline_query", ({ id, query }) => {
  const article = { type: "article", id: "1", title: query, input_message_content: { message_text: query } };
  return bot.answerInlineQuery(id, query === "" ? [] : [article], { cache_time: 0, is_personal: true });
});

const dot = Buffer.from("GIF89a\x01\0\x01\0");
const gif = { filename: "dot.gif", contentType: "image/gif" };
hear("buffers", /^\/(?:photo|again)$/, ({ chat }) => bot.sendPhoto(chat.id, dot, { caption: "a dot" }, gif));
hear("buffers", /^\/document$/, ({ chat }) =>
  bot.sendDocument(chat.id, Buffer.from("one"), {}, { filename: "one.txt", contentType: "text/plain" }),
);

const PATH = join(__dirname, "poem.txt");
hear("paths", /^\/path$/, ({ chat }) => bot.sendDocument(chat.id, PATH));
hear("paths", /^\/stream$/, ({ chat }) => bot.sendDocument(chat.id, createReadStream(PATH), { caption: "a stream" }));

hear("links", /^\/link$/, ({ chat }) =>
  bot.sendPhoto(chat.id, "https://example.com/a.png", { caption: "<i>by</i> link", parse_mode: "HTML" }),
);
hear("album", /^\/album$/, ({ chat }) =>
  bot.sendMediaGroup(chat.id, [
    { type: "photo", media: PATH, caption: "one" },
    { type: "photo", media: "https://example.com/two.png" },
    { type: "photo", media: dot, fileOptions: gif },
  ]),
);

bot.on("document", async ({ chat, document }) => {
  const response = await fetch(await bot.getFileLink(document.file_id));
  await bot.sendMessage(chat.id, `${response.status} ${await response.text()}`);
});

const report = (chat) => (error) => bot.sendMessage(chat.id, error.code === "EFATAL" ? error.code : error.message);

hear("editing", /^\/edit$/, async ({ chat }) => {
  const { message_id } = await bot.sendMessage(chat.id, "before");
  await bot.editMessageText("*after*", { chat_id: chat.id, message_id, parse_mode: "MarkdownV2" });
});
hear("editing", /^\/delete$/, async ({ chat }) => {
  const { message_id } = await bot.sendMessage(chat.id, "short");
  await bot.deleteMessage(chat.id, message_id);
});
hear("editing", /^\/same$/, async ({ chat }) => {
  const { message_id } = await bot.sendMessage(chat.id, "same");
  await bot.editMessageText("same", { chat_id: chat.id, message_id }).catch(report(chat));
});
hear("editing", /^\/pin$/, async ({ chat }) => {
  const { message_id } = await bot.sendMessage(chat.id, "pinned");
  await bot.pinChatMessage(chat.id, message_id, { disable_notification: true });
});
hear("editing", /^\/forward$/, ({ chat, message_id }) => bot.forwardMessage(chat.id, chat.id, message_id));

hear("refused", /^\/tell (\d+)$/, ({ chat }, [, id]) => bot.sendMessage(id, "to a stranger").catch(report(chat)));
hear("refused", /^\/format$/, ({ chat }) =>
  bot.sendMessage(chat.id, "<b>open", { parse_mode: "HTML" }).catch(report(chat)),
);
hear("refused", /^\/alert$/, ({ chat }) => bot.answerCallbackQuery("77").catch(report(chat)));
hear("blocked", /^\/tell (\d+)$/, ({ chat }, [, id]) => bot.sendMessage(id, "hello").catch(report(chat)));
hear("failing", /^\/say (.+)$/, ({ chat }, [, text]) => bot.sendMessage(chat.id, text).catch(report(chat)));

hear("timer", /^\/later$/, async ({ chat }) => {
  await bot.sendMessage(chat.id, "in a moment");
  setTimeout(() => bot.sendMessage(chat.id, "from a timer"), 20);
});
hear("timer", /^\/action$/, async ({ chat }) => {
  await bot.sendChatAction(chat.id, "typing");
  await bot.sendMessage(chat.id, "typed");
});

hear("unhandled", /^\/throw$/, () => {
  throw new Error("no luck");
});
hear("unhandled", /^\/reject$/, async ({ from }) => await Promise.reject(new Error(`no luck for ${from.first_name}`)));
hear("unhandled", /^on$/, ({ chat }) => bot.sendMessage(chat.id, "on"));

let poll;
hear("poll", /^\/poll$/, ({ chat }) => {
  poll = bot.sendPoll(chat.id, "Tea?", ["Yes", "No"], { is_anonymous: false });
});
hear("poll", /^\/stop$/, async ({ chat }) => bot.stopPoll(chat.id, (await poll).message_id));

/** Files stand beside the other parameters; those inside of structures are for the bot to attach. */
const request = (method, parameters = {}) => {
  const formData = {};
  const qs = {};
  const attached = (key, value) => {
    if (value instanceof Upload) formData[key] = { value: value.content, options: { filename: value.name } };
    return value instanceof Upload ? `attach://${key}` : value;
  };
  for (const [key, value] of Object.entries(parameters)) {
    if (value instanceof Upload) attached(key, value);
    else if (typeof value !== "object") qs[key] = value;
    else qs[key] = JSON.stringify(value, (_, part) => attached(`attached_${Object.keys(formData).length}`, part));
  }
  return bot._request(method, Object.keys(formData).length > 0 ? { qs, formData } : { form: qs });
};
class Upload {
  constructor({ bytes, path, stream, name }) {
    Object.assign(this, { name, content: bytes ?? stream ?? createReadStream(path) });
  }
}
for (const name of ["methods", "faults"])
  hear(name, /^(\d+)$/, async ({ chat }, [, part]) => {
    const { message_id } = await bot.sendMessage(chat.id, "begins");
    const filled = { chat: chat.id, message: message_id };
    const file = (content) => new Upload(content);
    const errorOf = ({ code, response }) => `${code} ${JSON.stringify(response?.body)}`;
    await bot.sendMessage(chat.id, await runTable(part, filled, file, request, errorOf));
  });
