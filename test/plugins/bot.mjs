/** Small bots with grammY's plugins, and with HTTP clients of their own: each talks to the person of its name. It knows nothing of asgigram. */

import { createReadStream, createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { autoRetry } from "@grammyjs/auto-retry";
import { hydrateFiles } from "@grammyjs/files";
import { b, fmt, i } from "@grammyjs/parse-mode";
import { limit } from "@grammyjs/ratelimiter";
import { run, sequentialize } from "@grammyjs/runner";
import { stream } from "@grammyjs/stream";
import got from "got";
import { Bot } from "grammy";
import request from "request";

const apiRoot = process.env.API_ROOT;
const token = process.env.BOT_TOKEN;
const POEM = `${process.cwd()}/poem.txt`;
const bot = new Bot(token, { client: { apiRoot } });
const botOf = (name) => bot.filter((ctx) => ctx.from?.first_name === name);

/** Resolves when the draft under way has its answer. */
let drafted = Promise.withResolvers();
bot.api.config.use(hydrateFiles(bot.token), autoRetry(), async (previous, method, ...rest) => {
  const answer = await previous(method, ...rest);
  if (method === "sendMessageDraft") drafted.resolve();
  return answer;
});
bot.use(sequentialize((ctx) => String(ctx.chat?.id)));
bot.use(stream());

botOf("files").on("message:document", async (ctx) => {
  const file = await ctx.getFile();
  const path = await file.download();
  await ctx.reply(`downloaded: ${await readFile(path, "utf8")}`);
  await ctx.reply(`read: ${await text(file)}`);
});

const limited = botOf("limited");
limited.use(limit({ timeFrame: 600_000, limit: 2, onLimitExceeded: (ctx) => ctx.reply("Not so fast") }));
limited.on("message", (ctx) => ctx.reply("One of two"));

botOf("formatted").on("message:text", async (ctx) => {
  const formatted = fmt`${b}bold ${i}${ctx.message.text}${i}${b} & plain`;
  await ctx.reply(formatted.text, { entities: formatted.entities });
  const { caption, caption_entities } = formatted;
  await ctx.replyWithPhoto("https://example.com/a.png", { caption, caption_entities });
});

botOf("streamed").on("message:text", async (ctx) => {
  async function* pieces() {
    for (const word of ctx.message.text.split(" ")) {
      drafted = Promise.withResolvers();
      yield `${word} `;
      await drafted.promise;
    }
  }
  await ctx.replyWithStream(pieces());
});

/** Each is slower than the next. */
let pause = 60;
botOf("sequence").on("message:text", async (ctx) => {
  pause -= 20;
  await delay(pause);
  await ctx.reply(ctx.message.text);
});

const api = `${apiRoot}/bot${token}`;

botOf("got").on("message:document", async (ctx) => {
  const chat_id = ctx.chat.id;
  const { result } = await got.post(`${api}/sendMessage`, { json: { chat_id, text: "by JSON" } }).json();
  await got.post(`${api}/editMessageText`, { form: { chat_id, message_id: result.message_id, text: "by form" } });
  const body = new FormData();
  body.set("chat_id", chat_id);
  body.set("document", new File(["bytes"], "größe 1.txt"));
  await got.post(`${api}/sendDocument`, { body });
  const { file_path } = await ctx.getFile();
  const url = `${apiRoot}/file/bot${token}/${file_path}`;
  await ctx.reply(`${await got(url).text()}, ${await text(got.stream(url))}`);
  const error = await got(`${api}/sendMessage`, { searchParams: { chat_id: 987654321, text: "to a stranger" } }).catch(
    (e) => e,
  );
  await ctx.reply(`${error.name} ${error.response.statusCode} ${error.response.body}`);
});

const asked = (options) =>
  new Promise((resolve, reject) => {
    request(options, (error, response, body) =>
      error ? reject(error) : resolve({ status: response.statusCode, body }),
    );
  });

botOf("request").on("message:document", async (ctx) => {
  const chat_id = ctx.chat.id;
  const post = (method, options) => asked({ method: "POST", url: `${api}/${method}`, ...options });
  const { body } = await post("sendMessage", { json: { chat_id, text: "by JSON" } });
  await post("editMessageText", { form: { chat_id, message_id: body.result.message_id, text: "by form" } });
  const name = { filename: "größe 1.txt" };
  const document = { value: createReadStream(POEM), options: name };
  await post("sendDocument", { formData: { chat_id, document, caption: "a poem" } });
  const { file_path } = await ctx.getFile();
  const url = `${apiRoot}/file/bot${token}/${file_path}`;
  const copy = process.env.COPY;
  await pipeline(request(url), createWriteStream(copy));
  await ctx.reply(`${(await asked({ url })).body}, ${await readFile(copy, "utf8")}`);
  const refused = await asked({ url: `${api}/sendMessage`, qs: { chat_id: 987654321, text: "to a stranger" } });
  await ctx.reply(`${refused.status} ${refused.body}`);
});

bot.catch(({ ctx, error }) => ctx.reply(`caught: ${error}`));

await bot.api.setMyCommands([{ command: "start", description: "Start" }]);
run(bot);
