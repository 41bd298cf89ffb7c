/** grammY's bot.start(); the heavy work is done in the handler. */

import type { WorkModule } from "../work.ts";
import { startBot } from "./grammy-bot.ts";
import { WORK } from "./settings.ts";

const { default: work } = (await import(WORK.href)) as WorkModule;

startBot(work);
