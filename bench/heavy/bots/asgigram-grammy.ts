/** The bot of grammy.ts, unchanged but for offload(). asgigram runs it. */

import { offload } from "asgigram";
import type { WorkModule } from "../work.ts";
import { startBot } from "./grammy-bot.ts";
import { THREADS, WORK } from "./settings.ts";

startBot(offload<WorkModule>(WORK, { threads: THREADS }));
