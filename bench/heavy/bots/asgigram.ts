/** asgigram with its default flags: the heavy work is done in the worker. */

import type { WorkModule } from "../work.ts";
import { applicationWith } from "./application.ts";
import { WORK } from "./settings.ts";

const { default: work } = (await import(WORK.href)) as WorkModule;

export const application = applicationWith(work);
