/** The bot of test/clients/main.ts, with GramIO. */

import { Bot, InlineKeyboard, InlineQueryResult, InputMessageContent, Keyboard, MediaInput, MediaUpload } from "gramio";
import { API_URL, PICTURE, TOKEN } from "./setting.ts";

/** The answers of each user's form, while it is filled in. */
const forms = new Map<number, string[]>();

const bot = new Bot(TOKEN, { api: { baseURL: `${API_URL}/bot` } });
const { api } = bot;

bot
  .command("start", (context) =>
    context.send(`Hello, ${context.from!.firstName}!`, {
      reply_markup: new InlineKeyboard().text("Yes", "yes").text("No", "no"),
    }),
  )
  .command("form", (context) => {
    forms.set(context.senderId!, []);
    return context.send("Your name?");
  })
  .command("keys", (context) =>
    context.send("Which colour?", { reply_markup: new Keyboard().text("Red").text("Blue") }),
  )
  .command("album", (context) =>
    context.sendMediaGroup(
      ["1.png", "2.png"].map((name) => MediaInput.photo(MediaUpload.buffer(Buffer.from(PICTURE), name))),
    ),
  )
  .command("poll", (context) =>
    context.sendPoll({
      question: "Tea or coffee?",
      options: [{ text: "Tea" }, { text: "Coffee" }],
      is_anonymous: false,
    }),
  )
  .command("pay", (context) =>
    context.sendInvoice({
      title: "Tea",
      description: "A cup",
      payload: "tea",
      currency: "XTR",
      prices: [{ label: "Tea", amount: 5 }],
    }),
  )
  .on("callback_query", async (context) => {
    await context.answer(`You pressed ${context.data}`);
    await context.editText(`Pressed: ${context.data}`);
  })
  .on("inline_query", (context) =>
    context.answer([
      InlineQueryResult.article("1", "An answer", InputMessageContent.text(`You asked for ${context.query}`)),
    ]),
  )
  .on("poll_answer", (context) =>
    api.sendMessage({ chat_id: context.user!.id, text: `You chose ${context.optionIds[0]}` }),
  )
  .on("pre_checkout_query", (context) => api.answerPreCheckoutQuery({ pre_checkout_query_id: context.id, ok: true }))
  .on("successful_payment", (context) =>
    context.send(`Paid ${context.eventPayment.totalAmount} ${context.eventPayment.currency}`),
  )
  .on("message", async (context) => {
    const { text, photo, senderId } = context;
    const answers = forms.get(senderId!);
    if (photo !== undefined) {
      const { file_path } = await api.getFile({ file_id: photo.at(-1)!.fileId });
      const file = await fetch(`${API_URL}/file/bot${TOKEN}/${file_path}`);
      const upload = MediaUpload.buffer(Buffer.from(await file.arrayBuffer()), "back.png");
      return context.sendPhoto(upload, { caption: "Back to you" });
    }
    if (text === undefined || text.startsWith("/")) return;
    if (answers === undefined) return context.send(`${text} it is`);
    answers.push(text);
    if (answers.length === 1) return context.send("Your age?");
    forms.delete(senderId!);
    return context.send(`${answers[0]} is ${text}`);
  });

await bot.start();
