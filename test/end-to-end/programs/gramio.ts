/** A GramIO bot as people write it. It knows nothing of asgigram. */

import { Bot, InlineKeyboard, MediaUpload, TelegramError } from "gramio";

const counts = new Map<number, number>();

const bot = new Bot(process.env.BOT_TOKEN!)
  .command("start", (context) =>
    context.send(`Hello, ${context.from?.firstName}!`, {
      reply_markup: new InlineKeyboard().text("Press me", "press"),
    }),
  )
  .callbackQuery("press", async (context) => {
    await context.answer("Pressed");
    await context.editText("You pressed it.");
  })
  .command("count", (context) => {
    const count = (counts.get(context.chat.id) ?? 0) + 1;
    counts.set(context.chat.id, count);
    return context.send(`count ${count}`);
  })
  .command("refused", async (context) => {
    try {
      await bot.api.sendMessage({ chat_id: 987654321, text: "to a stranger" });
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      await context.send(`${error.method}: ${error.code} ${error.message}`);
    }
  })
  .command("photo", async (context) => {
    await context.sendPhoto(MediaUpload.buffer(Buffer.from("GIF89a\x01\0\x01\0"), "dot.gif"), { caption: "a dot" });
  })
  .command("later", (context) => {
    setTimeout(() => void context.send("from a timer"), 20);
  })
  .command("throw", () => {
    throw new Error("no luck");
  })
  .on("message", (context) => {
    if (context.text !== undefined && !context.text.startsWith("/")) return context.send(`You said: ${context.text}`);
    return undefined;
  });

if (process.env.CATCHES) bot.onError("message", ({ context, error }) => context.send(`caught: ${error}`));

bot.onStart(({ info }) => console.log(`started as @${info.username}`));

await bot.start();
