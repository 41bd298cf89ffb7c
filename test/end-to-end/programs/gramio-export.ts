/** A GramIO bot that another file would start. It knows nothing of asgigram. */

import { Bot, Composer } from "gramio";

const handlers = new Composer().hears(/./, (context) => context.send(`You said: ${context.text}`));

export const bot = new Bot(process.env.BOT_TOKEN!).extend(handlers);
export const other = new Bot(process.env.BOT_TOKEN!).hears(/./, (context) =>
  context.send(`You wrote: ${context.text}`),
);
