/** A Telegraf bot with a session and a scene, both kept with the inbox. */

import { setTimeout as wait } from "node:timers/promises";
import { type Context, Scenes, session, Telegraf } from "telegraf";
import { message } from "telegraf/filters";
import { store } from "../../../../src/storage/storage.ts";

interface Session extends Scenes.WizardSession {
  texts?: string[];
}
interface BotContext extends Context {
  session: Session;
  scene: Scenes.SceneContextScene<BotContext, Scenes.WizardSessionData>;
  wizard: Scenes.WizardContextWizard<BotContext>;
}

const bot = new Telegraf<BotContext>(process.env.BOT_TOKEN!);

const textOf = ({ message }: BotContext) => (message !== undefined && "text" in message ? message.text : "");
const order = new Scenes.WizardScene<BotContext>(
  "order",
  async (ctx) => {
    await ctx.reply("which size?");
    ctx.wizard.next();
  },
  async (ctx) => {
    Object.assign(ctx.wizard.state, { size: textOf(ctx) });
    await ctx.reply("which pizza?");
    ctx.wizard.next();
  },
  async (ctx) => {
    const { size } = ctx.wizard.state as { size: string };
    await ctx.reply(`${size} ${textOf(ctx)}`);
    await ctx.scene.leave();
  },
);

// An event is not settled as soon as its session is written.
bot.use(async (_ctx, next) => {
  await next();
  await wait(20);
});
bot.use(session({ store, defaultSession: (): Session => ({}) }));
bot.use(new Scenes.Stage<BotContext>([order]).middleware());
bot.command("order", (ctx) => ctx.scene.enter("order"));
bot.command("texts", (ctx) => ctx.reply((ctx.session.texts ?? []).join(" ")));
bot.on(message("text"), async (ctx) => {
  ctx.session.texts ??= [];
  ctx.session.texts.push(ctx.message.text);
  await ctx.reply(`${ctx.message.text} of ${ctx.session.texts.length}`);
});

void bot.launch();
