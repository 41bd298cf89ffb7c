import { Bot, type Context, type SessionFlavor, session } from "grammy";
import { nextPrime } from "./primes.ts";

interface Session {
  step: "start" | "name" | "number";
  name: string;
  found: number;
}

const { BOT_TOKEN = "", API_ROOT = "https://api.telegram.org" } = process.env;
const bot = new Bot<Context & SessionFlavor<Session>>(BOT_TOKEN, { client: { apiRoot: API_ROOT } });

bot.use(session({ initial: (): Session => ({ step: "start", name: "", found: 0 }) }));

bot.on("message:text", async (ctx) => {
  switch (ctx.session.step) {
    case "start":
      ctx.session.step = "name";
      await ctx.reply("What is your name?");
      break;
    case "name":
      ctx.session.step = "number";
      ctx.session.name = ctx.message.text;
      await ctx.reply(`${ctx.session.name}, send me a number.`);
      break;
    case "number": {
      // All chats and the polls wait here.
      const prime = nextPrime(Number(ctx.message.text));
      ctx.session.found += 1;
      await ctx.reply(`${ctx.session.name}, prime ${ctx.session.found} is ${prime}.`);
      break;
    }
  }
});

await bot.start();
