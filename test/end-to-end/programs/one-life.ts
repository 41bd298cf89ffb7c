/**
 * A grammY bot that must not live twice: it listens on a port and has a timer. Each life writes what it does into a file: its beginning,
 * each tick, and its end.
 */

import { appendFileSync, existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Bot } from "grammy";

const { LIVES = ".", PORT = "0", BOT_TOKEN = "", NODE_APP_INSTANCE } = process.env;
const life = Math.random().toString(36).slice(2);
const note = (deed: string) => appendFileSync(join(LIVES, "lives"), `${life} ${deed}\n`);

note("begins");
if (existsSync(join(LIVES, "broken"))) throw new Error("the code is broken");

const bot = new Bot(BOT_TOKEN);
const server = createServer((_, response) => response.end(life)).listen(Number(PORT));
const timer = setInterval(() => note("ticks"), 2);

bot.command("die", () => process.exit(7));
bot.command("block", () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
bot.command("instance", (ctx) => ctx.reply(`instance ${NODE_APP_INSTANCE}`));
bot.on("message:text", (ctx) => ctx.reply(ctx.message.text));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    note(signal);
    void bot.stop();
  });
}

if (existsSync(join(LIVES, "slow"))) {
  note("waits");
  await new Promise(() => {});
}
await bot.start();
note("start() is over");
await bot.api.setMyCommands([]);
note("last call is made");
if (!existsSync(join(LIVES, "sloppy"))) {
  clearInterval(timer);
  server.close(() => note("ends"));
}
