/**
 * grammY's runner; the heavy work is done in a Piscina of two threads, which are started before the bot. The peer to
 * beat. https://github.com/piscinajs/piscina
 */

import { Piscina } from "piscina";
import { runBot } from "./grammy-bot.ts";

const pool = new Piscina({
  filename: new URL("./piscina-worker.ts", import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
});

runBot((input) => pool.run(input));
