/** The worker threads of grammy-distribute.ts. */

import { BotWorker } from "@grammyjs/runner";
import { apiUrl, reply, token } from "./bot.ts";

const bot = new BotWorker(token, { client: { apiRoot: apiUrl } });
bot.on("message:text", (ctx) => ctx.reply(reply(ctx.message.text)));
