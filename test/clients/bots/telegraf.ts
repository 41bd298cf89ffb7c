/** The bot of test/clients/main.ts, with Telegraf. */

import { Markup, Scenes, session, Telegraf } from "telegraf";
import { callbackQuery, message } from "telegraf/filters";
import { API_URL, TOKEN } from "./setting.ts";

type Context = Scenes.WizardContext;

const bot = new Telegraf<Context>(TOKEN, { telegram: { apiRoot: API_URL } });

const form = new Scenes.WizardScene<Context>(
  "form",
  async (ctx) => {
    await ctx.reply("Your name?");
    ctx.wizard.next();
  },
  async (ctx) => {
    Object.assign(ctx.wizard.state, { name: ctx.text });
    await ctx.reply("Your age?");
    ctx.wizard.next();
  },
  async (ctx) => {
    await ctx.reply(`${(ctx.wizard.state as { name: string }).name} is ${ctx.text}`);
    await ctx.scene.leave();
  },
);

bot.use(session(), new Scenes.Stage<Context>([form]).middleware());
bot.start((ctx) =>
  ctx.reply(
    `Hello, ${ctx.from.first_name}!`,
    Markup.inlineKeyboard([Markup.button.callback("Yes", "yes"), Markup.button.callback("No", "no")]),
  ),
);
bot.on(callbackQuery("data"), async (ctx) => {
  await ctx.answerCbQuery(`You pressed ${ctx.callbackQuery.data}`);
  await ctx.editMessageText(`Pressed: ${ctx.callbackQuery.data}`);
});
bot.command("form", (ctx) => ctx.scene.enter("form"));
bot.command("keys", (ctx) => ctx.reply("Which colour?", Markup.keyboard([["Red", "Blue"]])));
/** The last photo. Uploads by Telegraf 4 never end with Node.js 26, so it sends what Telegram has. */
let photo = "";
bot.on(message("photo"), async (ctx) => {
  photo = ctx.message.photo.at(-1)!.file_id;
  const file = await fetch(await ctx.telegram.getFileLink(photo));
  if (file.ok) await ctx.replyWithPhoto(photo, { caption: "Back to you" });
});
bot.command("album", (ctx) => ctx.replyWithMediaGroup([1, 2].map(() => ({ type: "photo" as const, media: photo }))));
bot.on("inline_query", (ctx) =>
  ctx.answerInlineQuery([
    {
      type: "article",
      id: "1",
      title: "An answer",
      input_message_content: { message_text: `You asked for ${ctx.inlineQuery.query}` },
    },
  ]),
);
bot.command("poll", (ctx) => ctx.replyWithPoll("Tea or coffee?", ["Tea", "Coffee"], { is_anonymous: false }));
bot.on("poll_answer", ({ telegram, pollAnswer }) =>
  telegram.sendMessage(pollAnswer.user!.id, `You chose ${pollAnswer.option_ids[0]}`),
);
bot.command("pay", (ctx) =>
  ctx.replyWithInvoice({
    title: "Tea",
    description: "A cup",
    payload: "tea",
    currency: "XTR",
    provider_token: "",
    prices: [{ label: "Tea", amount: 5 }],
  }),
);
bot.on("pre_checkout_query", (ctx) => ctx.answerPreCheckoutQuery(true));
bot.on(message("successful_payment"), (ctx) => {
  const { total_amount, currency } = ctx.message.successful_payment;
  return ctx.reply(`Paid ${total_amount} ${currency}`);
});
bot.on(message("text"), (ctx) => ctx.reply(`${ctx.text} it is`));
await bot.launch();
