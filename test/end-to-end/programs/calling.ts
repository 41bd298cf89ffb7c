/** A grammY bot that makes calls by other clients, too, and handles files. It knows nothing of asgigram. */

import { once } from "node:events";
import https from "node:https";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import axios from "axios";
import { Bot, InputFile } from "grammy";
import { request } from "undici";

const token = process.env.BOT_TOKEN!;
const API = `https://api.telegram.org/bot${token}`;
const MEGABYTE = 1024 * 1024;

const bot = new Bot(token);

bot.command("axios", async ({ chat: { id } }) => {
  await axios.post(`${API}/sendMessage`, { chat_id: id, text: "by axios" });
  const form = new FormData();
  form.set("chat_id", `${id}`);
  form.set("document", new File(["abc"], "abc.txt"));
  form.set("caption", "by axios");
  await axios.post(`${API}/sendDocument`, form);
});

bot.command("fetch", async ({ chat: { id } }) => {
  await fetch(`${API}/sendMessage?text=by%20fetch`, {
    method: "POST",
    body: new URLSearchParams({ chat_id: `${id}` }),
  });
});

bot.command("https", async ({ chat: { id } }) => {
  const [response] = await once(https.get(`${API}/sendMessage?text=by%20https&chat_id=${id}`), "response");
  await text(response);
});

bot.command("undici", async (ctx) => {
  const error = await request(`${API}/getMe`).catch(({ message }: Error) => message);
  await ctx.reply(String(error));
});

bot.command("refused", async (ctx) => {
  const error = await axios.get(`${API}/sendMessage?chat_id=987654321&text=a`).catch((error) => error);
  await ctx.reply(`${error.name}: ${error.response.data.description}`);
});

bot.command("large", async (ctx) => {
  const pieces = Array.from({ length: 30 }, (_, i) => Buffer.alloc(MEGABYTE / 10, i));
  await ctx.replyWithDocument(new InputFile(Readable.from(pieces), "large.bin"));
});

bot.command("token", (ctx) => ctx.reply(token.replace(/^\d+:/, "")));

bot.on("message:document", async (ctx) => {
  const { file_path } = await ctx.getFile();
  const link = `https://api.telegram.org/file/bot${token}/${file_path}`;
  const [response] = await once(https.get(link), "response");
  const contents = [await text(response), (await axios.get(link)).data, await (await fetch(link)).text()];
  await ctx.reply(contents.join(", "));
});

bot.command("two", async (ctx) => {
  await ctx.replyWithDocument(new InputFile(Buffer.from("abc"), "a.txt"), { caption: "first" });
  console.log("first is answered");
  if (process.env.HANGS) await new Promise(() => {});
  await ctx.reply("second");
});

bot.start();
