/** The heavy threads of a process without a server: a plain `node bot.js`, a test. They keep no process alive while they are idle. */

import { createRequire } from "node:module";
import { extname } from "node:path";
import type { Jobs } from "../protocol/jobs.ts";
import { JobsClient } from "../protocol/jobs-client.ts";
import type { ModuleOptions } from "../protocol/port.ts";

let jobs: Jobs | undefined;
const declared = new Set<string>();

/** @param module is loaded at its first job, not when it is named: a program may name it and never use it */
export function localJobs(module?: string, options: ModuleOptions = {}): Jobs {
  jobs ??= new JobsClient(new (loadHeavy().Heavy)().attach({ worker: 0, generation: 0 }));
  if (module !== undefined && !declared.has(module)) {
    declared.add(module);
    jobs.declare(module, options);
  }
  return jobs;
}

/** Applications import this package in every thread, and under the server none of them needs a pool of its own. */
function loadHeavy(): typeof import("../heavy/heavy.ts") {
  return createRequire(import.meta.url)(`../heavy/heavy${extname(import.meta.url)}`);
}
