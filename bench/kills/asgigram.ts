/** The bot of grammy.ts, but that offload() computes. asgigram runs it. */

import { offload } from "asgigram";
import { botWith } from "./bot.ts";

const { reply } = offload<typeof import("../peers/bot.ts")>("../peers/bot.ts", { threads: 2 });

await botWith(reply).start();
