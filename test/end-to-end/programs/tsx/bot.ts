/** A bot in TypeScript of which Node.js cannot just remove the types. It knows asgigram by its heavy function only. */

import { Bot } from "grammy";
import { offload } from "../../../../src/index.ts";

// @ts-expect-error: an enum needs code.
enum Word {
  Said = "You said",
}

const { shout } = offload<typeof import("./work.ts")>("./work.ts", { threads: 1 });
const apart = offload<typeof import("./work.ts")>("./work.ts?process", { process: true, threads: 1 });

const bot = new Bot(process.env.BOT_TOKEN!);
bot.command("shout", async (ctx) => void (await ctx.reply(await shout(ctx.match))));
bot.command("apart", async (ctx) => void (await ctx.reply(await apart.shout(ctx.match))));
bot.on("message:text", (ctx) => ctx.reply(`${Word.Said}: ${ctx.message.text}`));
void bot.start();
