/** The entry of a child process that runs the functions of a module. */

import { errorOfData } from "../../src/protocol/error-data.ts";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { provide } from "../../src/protocol/services.ts";
import { watchImports } from "../imports.ts";
import { HeavyFunctions } from "./heavy-functions.ts";
import type { JobRun } from "./job-run.ts";
import { watchParent } from "./parent-watch.ts";
import type { FromChild, ToChild } from "./process-messages.ts";
import { runningJob } from "./running-job.ts";
import { startFailureOf } from "./start-failure.ts";

let functions: HeavyFunctions | undefined;
let run: JobRun | undefined;

provide({
  jobs: {
    declare: unavailable,
    run: unavailable,
    share: async () => unavailable(),
    loaded: async () => {},
  },
  currentDelivery: () => undefined,
  deliveryOf: () => undefined,
  currentJob: () => runningJob.getStore(),
});
// The thread that started this process is gone: nothing that it does is wanted.
process.on("disconnect", () => process.exit());
// A terminal, and some service managers, send them to all processes of the server, which ends this one when it is time.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// Rejections that nothing handles come as well.
process.on("uncaughtException", fail);
watchParent();
process.on("message", receive);

function receive(message: ToChild): void {
  switch (message.type) {
    case "load":
      return void load(message);
    case "job":
      run = functions!.start(message.name, (message) => send({ type: "from-job", message }));
      return void functions!.end(run).then((result) => send({ type: "over", result }));
    case "to-job":
      return run?.receive(message.message);
    case "abort":
      return run?.abort(errorOfData(message.reason), message.isTold);
    case "leave":
      return run?.leave();
  }
}

async function load({ module, name, watch, imports }: Extract<ToChild, { type: "load" }>): Promise<void> {
  if (watch) watchImports((file) => send({ type: "imported", file }));
  functions = new HeavyFunctions({ module, name, imports }, "child process");
  try {
    await functions.loaded;
    send({ type: "loaded" });
  } catch (error) {
    send({ type: "unloaded", error: startFailureOf(error) });
  }
}

/** Nothing caught the error. A listener of the module's own decides what follows, as it would without this one. */
function fail(error: unknown): void {
  if (process.listenerCount("uncaughtException") > 1) return;
  const isSpared = functions?.spares() === true;
  console.error(isSpared ? "an earlier job left an uncaught error:" : "an uncaught error:", error);
  if (!isSpared) process.exit(1);
}

function send(message: FromChild): void {
  if (process.connected) process.send!(message);
}

function unavailable(): never {
  throw new ApplicationLoadError(
    "offload() and shared() work in threads only, and this is a child process (process: true)",
  );
}
