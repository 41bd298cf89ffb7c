/** grammY's runner with sequentialize(); two threads of Piscina compute. */

import { run, sequentialize } from "@grammyjs/runner";
import type { Context } from "grammy";
import { Piscina } from "piscina";
import { botWith } from "./bot.ts";

const pool = new Piscina({
  filename: new URL("../peers/bot.ts", import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
});
const inOrder = sequentialize<Context>((ctx) => ctx.chat?.id.toString());
run(botWith((text) => pool.run(text, { name: "reply" }), inOrder));
