/** `bot.start()`: the bot computes in its handler. */

import { reply } from "../peers/bot.ts";
import { botWith } from "./bot.ts";

await botWith(reply).start();
