/** asgigram with offload(): the heavy work is done in a pool of the server. */

import { offload } from "asgigram";
import type { WorkModule } from "../work.ts";
import { applicationWith } from "./application.ts";
import { THREADS, WORK } from "./settings.ts";

export const application = applicationWith(offload<WorkModule>(WORK, { threads: THREADS }));
