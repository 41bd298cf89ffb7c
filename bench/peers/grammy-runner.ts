/**
 * grammY's runner, as its documentation recommends beyond a thousand messages an hour, with sequentialize(), which
 * keeps the messages of a chat in order. Concurrency has its default, 500. https://grammy.dev/plugins/runner
 */

import { run, sequentialize } from "@grammyjs/runner";
import { Bot } from "grammy";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new Bot(token, { client: { apiRoot: apiUrl } });
bot.use(sequentialize((ctx) => ctx.chat?.id.toString()));
bot.on("message:text", (ctx) => ctx.reply(reply(ctx.message.text)));
run(bot);
