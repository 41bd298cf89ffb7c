/** grammY's runner; the heavy work is done in the handler. */

import type { WorkModule } from "../work.ts";
import { runBot } from "./grammy-bot.ts";
import { WORK } from "./settings.ts";

const { default: work } = (await import(WORK.href)) as WorkModule;

runBot(work);
