/** grammY alone, with the global fetch in the place of node-fetch. https://grammy.dev/ref/core/apiclientoptions */

import { Bot } from "grammy";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new Bot(token, { client: { apiRoot: apiUrl, fetch: globalThis.fetch } });
bot.on("message:text", (ctx) => ctx.reply(reply(ctx.message.text)));
await bot.start();
