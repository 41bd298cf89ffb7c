/**
 * A grammY bot. `node bot.ts` runs it, and `asgigram bot.ts` does, too: then a message that was in hand when the process died is
 * handled again, with the session as it was before. Its heavy function is offloaded, so other messages are answered meanwhile, under
 * Node.js alone as well.
 */

import { offload } from "asgigram";
import { store } from "asgigram/storage";
import { Bot, type Context, type SessionFlavor, session } from "grammy";

interface Session {
  found: number;
}

const { nextPrime } = offload<typeof import("./primes.ts")>("./primes.ts");
const bot = new Bot<Context & SessionFlavor<Session>>(process.env.BOT_TOKEN ?? "");

bot.use(session({ initial: (): Session => ({ found: 0 }), storage: store }));

bot.command("start", (ctx) => ctx.reply("Send me a whole number."));

bot.on("message:text", async (ctx) => {
  const prime = await nextPrime(Number(ctx.message.text));
  ctx.session.found += 1;
  await ctx.reply(`Prime ${ctx.session.found} of yours is ${prime}.`);
});

await bot.start();
