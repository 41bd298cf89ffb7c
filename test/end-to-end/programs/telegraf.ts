/** A Telegraf bot as people write it. It knows nothing of asgigram. */

import { createReadStream } from "node:fs";
import { Readable, Stream } from "node:stream";
import { type Context, Markup, Scenes, session, Telegraf, TelegramError } from "telegraf";
import { message } from "telegraf/filters";

if (process.env.BOT_TOKEN === undefined || !/^\d+:[\w-]{35}$/.test(process.env.BOT_TOKEN)) {
  throw new Error("BOT_TOKEN is missing");
}

interface Session extends Scenes.WizardSession {
  count?: number;
}

interface BotContext extends Context {
  session: Session;
  scene: Scenes.SceneContextScene<BotContext, Scenes.WizardSessionData>;
  wizard: Scenes.WizardContextWizard<BotContext>;
}

interface Limits {
  handlerTimeout: number;
}

const handlerTimeout = Number(process.env.LIMIT);
const bot = new Telegraf<BotContext>(process.env.BOT_TOKEN, handlerTimeout > 0 ? { handlerTimeout } : {});

const wizard = new Scenes.WizardScene<BotContext>(
  "order",
  async (ctx) => {
    await ctx.reply("What do you drink?");
    return ctx.wizard.next();
  },
  async (ctx) => {
    await ctx.reply(`One ${ctx.text}.`);
    return ctx.scene.leave();
  },
);

bot.use(session());
bot.use(new Scenes.Stage<BotContext>([wizard]).middleware());

bot.start((ctx) =>
  ctx.replyWithHTML(
    `Hello, <b>${ctx.from.first_name}</b>! I am @${ctx.me}.`,
    Markup.inlineKeyboard([Markup.button.callback("Press me", "press")]),
  ),
);

bot.action("press", async (ctx) => {
  await ctx.answerCbQuery("Pressed");
  await ctx.editMessageText("You pressed it.");
});

bot.command("count", async (ctx) => {
  ctx.session ??= {};
  ctx.session.count = (ctx.session.count ?? 0) + 1;
  await ctx.reply(`count ${ctx.session.count}`);
});

bot.command("order", (ctx) => ctx.scene.enter("order"));

// Neither reply is awaited.
bot.command("both", (ctx) => {
  void ctx.reply("first").then(() => ctx.reply("third"));
  void ctx.reply("second");
});

bot.command("refused", async (ctx) => {
  try {
    await ctx.telegram.sendMessage(987654321, "to a stranger");
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    await ctx.reply(`${(error.on as { method: string }).method}: ${error.message}`);
  }
});

/** The beginning of a GIF of one pixel. */
const dot = Buffer.from("GIF89a\x01\0\x01\0");
bot.command("photo", async (ctx) => {
  await ctx.replyWithPhoto({ source: dot }, { caption: "a dot" });
  await ctx.replyWithPhoto({ source: dot, filename: "dot.gif" }, { caption: `again, of ${dot.length} bytes` });
});

bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup([
    { type: "document", media: { source: Buffer.from("one"), filename: "one.txt" } },
    { type: "document", media: { source: Buffer.from("two"), filename: "two.txt" }, caption: "two" },
  ]),
);

bot.command("path", (ctx) => ctx.replyWithDocument({ source: import.meta.filename }));
bot.command("stream", (ctx) => {
  const source = createReadStream(import.meta.filename, { start: 0, end: 4 });
  return ctx.replyWithDocument({ source, filename: "five.txt" }, { caption: "five bytes" });
});

bot.command("texts", (ctx) =>
  ctx.replyWithDocument({ source: Readable.from(["te", "xt"]), filename: "text.txt" }, { caption: "texts" }),
);
// A stream as packages had it before Readable.
bot.command("old", (ctx) => {
  const source = Object.assign(new Stream(), { pause() {}, resume() {} });
  setImmediate(() => {
    for (const chunk of ["o", "l", "d"]) source.emit("data", Buffer.from(chunk));
    source.emit("end");
  });
  return ctx.replyWithDocument({ source: source as never, filename: "old.txt" }, { caption: "old" });
});
bot.command("url", (ctx) =>
  ctx.replyWithDocument({ url: ctx.payload, filename: "url.txt" } as never, { caption: "by url" }),
);
bot.command("two", async (ctx) => {
  await ctx.replyWithDocument({ source: Readable.from(["text"]), filename: "a.txt" }, { caption: "first" });
  console.log("first is answered");
  if (process.env.HANGS) await new Promise(() => {});
  await ctx.reply("second");
});

/** The handler of `/wait` waits for `/stop`. */
const stopped = Promise.withResolvers<void>();
bot.command("wait", async (ctx) => {
  await ctx.reply("waiting");
  await stopped.promise;
  await ctx.reply("done");
});
bot.command("stop", async (ctx) => {
  await ctx.reply("stopping");
  stopped.resolve();
});

bot.command("later", (ctx) => {
  setTimeout(() => void ctx.reply("from a timer"), 20);
});

bot.command("limit", (ctx) => ctx.reply(`${(bot as unknown as { options: Limits }).options.handlerTimeout} ms`));

bot.command("throw", () => {
  throw new Error("no luck");
});

bot.on("inline_query", (ctx) =>
  ctx.answerInlineQuery([
    { type: "article", id: "1", title: ctx.inlineQuery.query, input_message_content: { message_text: "chosen" } },
  ]),
);

if (process.env.CATCHES) bot.catch((error, ctx) => void ctx.reply(`caught: ${error}`));

bot.on(message("text"), (ctx) => ctx.reply(`You said: ${ctx.message.text}`));

bot.launch({ allowedUpdates: ["message", "callback_query", "inline_query"] }, () => console.log("started"));

process.once("SIGTERM", () => bot.stop("SIGTERM"));
