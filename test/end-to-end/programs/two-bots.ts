/** A program with two bots. */

import { Bot } from "grammy";

const tokens = [process.env.OTHER!, process.env.BOT_TOKEN!];
for (const token of tokens) void new Bot(token).start();
