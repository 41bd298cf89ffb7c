/**
 * The life of one heavy thread: it imports a module and runs one job after another. For a module with `process: true` a child process
 * does that, and the thread hands everything on.
 */

import { dataOfError, errorOfData } from "../../src/protocol/error-data.ts";
import { JobsClient } from "../../src/protocol/jobs-client.ts";
import type {
  FromHeavyThread,
  HeavyResult,
  HeavyTask,
  JobTask,
  LoadTask,
  ToHeavyThread,
} from "../../src/protocol/port.ts";
import { provide } from "../../src/protocol/services.ts";
import { watchImports } from "../imports.ts";
import { captureOutput } from "../output.ts";
import { giveUpStartingThreads } from "../permission.ts";
import { yieldToWorkers } from "../priority.ts";
import { ChildProcess } from "./child-process.ts";
import { type Die, reportDeath } from "./death-report.ts";
import type { Functions } from "./functions.ts";
import { HeavyFunctions } from "./heavy-functions.ts";
import { runningJob } from "./running-job.ts";
import { startFailureOf } from "./start-failure.ts";

/** The place in which the module's functions run. */
let functions: Functions | undefined;
/** Number of the job that runs, or ran last. */
let current = 0;
/** The abort of a job that has not arrived yet: it comes by another port. */
let early: Extract<ToHeavyThread, { type: "abort" }> | undefined;

/** As in the entry of the workers, host.ts. */
export const __esModule = true;

/** Piscina's entry. */
export default async function heavy(task: HeavyTask): Promise<HeavyResult> {
  return task.type === "load" ? load(task) : run(task);
}

async function run(job: JobTask): Promise<HeavyResult> {
  current = job.number;
  const over = functions!.run(job);
  if (early?.number === current) abort(early);
  return await over;
}

function abort(message: Extract<ToHeavyThread, { type: "abort" }>): void {
  if (message.number === current) functions!.abort(errorOfData(message.reason), message.isTold);
  else if (message.number > current) early = message;
}

async function load(task: LoadTask): Promise<HeavyResult> {
  const report = (message: FromHeavyThread) => task.control.postMessage(message);
  yieldToWorkers(task.workersYield);
  giveUpStartingThreads();
  const finishOutput = task.captures
    ? captureOutput((stream, text) => report({ type: "output", stream, text }))
    : () => {};
  const die = reportDeath(
    (message, error) => report({ type: "crash", message, error }),
    finishOutput,
    () => functions?.spares() === true,
  );
  if (task.watch) watchImports((file) => report({ type: "imported", file }));
  provide({
    jobs: new JobsClient(task.jobs),
    currentDelivery: () => undefined,
    deliveryOf: () => undefined,
    currentJob: () => runningJob.getStore(),
  });
  try {
    functions = functionsFor(task, report, die);
    task.control.on("message", (message: ToHeavyThread) => {
      if (message.type === "abort") abort(message);
      else functions!.kill();
    });
    await functions.loaded;
    if (task.kind === "shared") await share(functions as HeavyFunctions, report);
    return {};
  } catch (error) {
    return { unloaded: startFailureOf(error) };
  }
}

function functionsFor(task: LoadTask, report: (message: FromHeavyThread) => void, die: Die): Functions {
  return task.kind === "process" ? new ChildProcess(task, report, die) : new HeavyFunctions(task, "heavy thread");
}

/** Runs the default export and posts its value. */
async function share(functions: HeavyFunctions, report: (message: FromHeavyThread) => void): Promise<void> {
  try {
    report({ type: "shared", value: await functions.find("default")() });
  } catch (error) {
    report({ type: "unshared", error: dataOfError(error) });
  }
}
