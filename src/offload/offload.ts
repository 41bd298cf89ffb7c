/**
 * `offload()` runs the heavy functions of a module in threads of their own, and `shared()` shares one value among all threads.
 *
 * Under the server the threads belong to the server. In any other process, a test for example, they belong to a pool of that process.
 */

import type { Jobs } from "../protocol/jobs.ts";
import type { ModuleOptions } from "../protocol/port.ts";
import { services } from "../protocol/services.ts";
import { functionsOf } from "./functions.ts";
import { localJobs } from "./local-jobs.ts";
import { callingFile, moduleUrl } from "./module-url.ts";
import { movedIn } from "./move.ts";
import { checkModuleOptions } from "./options.ts";
import type { AnyFunction, Offloaded, SharedBy } from "./types.ts";

/**
 * Gives the functions that a module exports, each as an async function that runs in a heavy thread:
 *
 *     const { render } = offload<typeof import("./render.ts")>(new URL("./render.ts", import.meta.url), { threads: 2 });
 *     const picture = await render(photo);
 *     const sketch = await render.with({ timeout: 30_000 })(photo);
 *
 * - The default export is called as the thing itself. An exported async generator arrives as an async generator.
 * - Functions named `with`, `then`, `call`, `name` and the like cannot be reached, and `Offloaded` leaves them out.
 * - Arguments and results are copied as by `structuredClone`; buffers in results are moved, and `move(bytes)` moves an argument.
 * - Calls of one chat start in order, and chats take turns. A call has the signal of the event whose code makes it.
 * - The module may export `warmUp()`: each thread awaits it before its first call.
 *
 * A call rejects with the error that the function threw (name, message, stack and plain keys are kept), with the reason of its signal
 * (AbortError), with TimeoutError, QueueFullError or JobCrashedError.
 * @param module file URL of the module, or its path relative to the calling file; compiled code finds `.js` for `.ts`
 * @throws TypeError for a wrong option; ApplicationLoadError if there is no such file
 */
export function offload<Module extends object>(module: URL | string, options: ModuleOptions = {}): Offloaded<Module> {
  checkModuleOptions(options);
  const url = moduleUrl(module, callingFile());
  services()?.jobs.declare(url, options);
  return functionsOf((name, args, job) =>
    jobsFor(url, options).run(url, name, args, { ...job, transfer: movedIn(args) }),
  ) as Offloaded<Module>;
}

/**
 * The value that the module's default export returns. It runs once a server, in a thread of its own, and again at a reload. Its result
 * is copied to each thread that asks; SharedArrayBuffers in it are shared. In a child process (`process: true`) it rejects.
 * @param module file URL of the module, or its path relative to the calling file
 * @throws TypeError | ApplicationLoadError as `offload()` does; rejects with the error of the module
 */
export async function shared<Module extends { default: AnyFunction }>(module: URL | string): Promise<SharedBy<Module>> {
  const jobs = services()?.jobs ?? localJobs();
  return (await jobs.share(moduleUrl(module, callingFile()))) as SharedBy<Module>;
}

/** The job whose code runs. `signal` is aborted when its caller or its time limit wants it to end; outside a job it never is. */
export const job = {
  get signal(): AbortSignal {
    return services()?.currentJob()?.signal ?? NEVER;
  },
};

const NEVER = new AbortController().signal;

function jobsFor(url: string, options: ModuleOptions): Jobs {
  return services()?.jobs ?? localJobs(url, options);
}
