/**
 * grammY's runner over worker threads. Its documentation has the central bot do sequentialize(), without which two messages of
 * a chat are handled at once, and leaves everything else to the workers (grammy-worker.ts). As many workers as asgigram has:
 * of four, its default, it does less on two cores. https://grammy.dev/plugins/runner#distributing-processing-over-multiple-cores
 */

import { join } from "node:path";
import { distribute, run, sequentialize } from "@grammyjs/runner";
import { Bot, type Context } from "grammy";
import { apiUrl, token, workers } from "./bot.ts";

const bot = new Bot(token, { client: { apiRoot: apiUrl } });
bot.use(sequentialize((ctx) => ctx.chat?.id.toString()));
bot.use(distribute<Context>(join(import.meta.dirname, "grammy-worker.ts"), { count: workers }));
run(bot);
