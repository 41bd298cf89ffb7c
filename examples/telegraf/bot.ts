/** A Telegraf bot with a scene. `node bot.ts` runs it, and `asgigram bot.ts` does, too. It knows nothing of asgigram. */

import { Scenes, session, Telegraf } from "telegraf";

const order = new Scenes.WizardScene<Scenes.WizardContext>(
  "order",
  async (ctx) => {
    await ctx.reply("What do you drink?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    await ctx.reply(`One ${ctx.text} for ${ctx.from?.first_name}.`);
    return ctx.scene.leave();
  },
);

const bot = new Telegraf<Scenes.WizardContext>(process.env.BOT_TOKEN ?? "");

bot.use(session());
bot.use(new Scenes.Stage<Scenes.WizardContext>([order]).middleware());
bot.start((ctx) => ctx.reply("/order takes your order."));
bot.command("order", (ctx) => ctx.scene.enter("order"));

process.once("SIGINT", () => bot.stop("SIGINT"));
process.once("SIGTERM", () => bot.stop("SIGTERM"));

await bot.launch();
