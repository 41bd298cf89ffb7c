/** grammY alone, as in its quickstart: one update after another. https://grammy.dev/guide/getting-started */

import { Bot } from "grammy";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new Bot(token, { client: { apiRoot: apiUrl } });
bot.on("message:text", (ctx) => ctx.reply(reply(ctx.message.text)));
await bot.start();
