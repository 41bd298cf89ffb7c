/**
 * grammY's runner over worker threads. As in its documentation, the central bot runs sequentialize(), which keeps the
 * messages of a chat in order, and the workers do the rest (grammy-worker.ts). It has as many workers as asgigram: with
 * its default of four it is slower on two cores.
 * https://grammy.dev/plugins/runner#distributing-processing-over-multiple-cores
 */

import { join } from "node:path";
import { distribute, run, sequentialize } from "@grammyjs/runner";
import { Bot, type Context } from "grammy";
import { apiUrl, token, workers } from "./bot.ts";

const bot = new Bot(token, { client: { apiRoot: apiUrl } });
bot.use(sequentialize((ctx) => ctx.chat?.id.toString()));
bot.use(distribute<Context>(join(import.meta.dirname, "grammy-worker.ts"), { count: workers }));
run(bot);
