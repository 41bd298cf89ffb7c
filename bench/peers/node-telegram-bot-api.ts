/**
 * node-telegram-bot-api 2, as in its readme: run() polls and handles one update after another. Version 2 cannot handle
 * several at once. https://github.com/yagop/node-telegram-bot-api
 */

import { Bot } from "node-telegram-bot-api";
import { run } from "node-telegram-bot-api/node";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new Bot(token, { apiRoot: apiUrl });
bot.on("message", (ctx) => ctx.reply(reply(ctx.message?.text ?? "?")));
await run(bot);
