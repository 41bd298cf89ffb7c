/**
 * Telegraf, as in its readme. It handles all updates of a poll at once and polls again when the last is done. It has no
 * other way of polling, and does not keep the messages of a chat in order. https://telegraf.js.org
 */

import { Telegraf } from "telegraf";
import { message } from "telegraf/filters";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new Telegraf(token, { telegram: { apiRoot: apiUrl } });
bot.on(message("text"), (ctx) => ctx.reply(reply(ctx.message.text)));
await bot.launch();
