/**
 * grammY's runner; the heavy work is done in a Piscina, whose threads are started before the bot. The peer to
 * beat. https://github.com/piscinajs/piscina
 */

import { Piscina } from "piscina";
import { runBot } from "./grammy-bot.ts";
import { THREADS } from "./settings.ts";

const pool = new Piscina({
  filename: new URL("./piscina-worker.ts", import.meta.url).href,
  minThreads: THREADS,
  maxThreads: THREADS,
});

runBot((input) => pool.run(input));
