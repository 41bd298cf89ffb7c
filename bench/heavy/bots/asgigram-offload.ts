/** asgigram with offload(): the heavy work is done in the server's pool of two threads. */

import { offload } from "asgigram";
import type { WorkModule } from "../work.ts";
import { applicationWith } from "./application.ts";
import { WORK } from "./settings.ts";

export const application = applicationWith(offload<WorkModule>(WORK, { threads: 2 }));
