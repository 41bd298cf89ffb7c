import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { Worker } from "node:worker_threads";
import type { Application } from "../../../src/index.ts";

/** The secret half of the token. It comes turned around: the environment must not hold what is looked for in it. */
const secret = [...process.env.TERCES!].reverse().join("");

/** Tries each way to the token, and answers with those that led to it. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const found: string[] = [];
    for (const [way, look] of Object.entries(WAYS)) if (await succeeds(look)) found.push(way);
    await send({ type: "telegram.send_message", text: found.join(", ") || "nothing" });
  }
};

async function succeeds(look: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch {
    return false;
  }
}

const WAYS: { readonly [way: string]: () => boolean | Promise<boolean> } = {
  environment: () => JSON.stringify(process.env).includes(secret),
  report: () => JSON.stringify(process.report.getReport()).includes(secret),
  arguments: () => JSON.stringify(process.argv).includes(secret) || holds("/proc/self/cmdline"),
  environ: () => holds("/proc/self/environ"),
  file: () => holds(process.env.TOKEN_FILE!),
  descriptor: () => {
    const bytes = Buffer.alloc(100);
    readSync(3, bytes, 0, bytes.length, 0);
    return bytes.includes(secret);
  },
  memory: () => canOpen("/proc/self/mem"),
  "memory from a thread of its own": () => threadCanOpen("/proc/self/mem"),
  inspector: async () => {
    const session = new Session();
    session.connectToMainThread();
    const { result } = await session.post("Runtime.evaluate", { expression: "process.pid" });
    return result.value === process.pid;
  },
  // Whether the debugger opens stands on standard error.
  signal: () => {
    process.kill(process.pid, "SIGUSR1");
    return false;
  },
};

function holds(path: string): boolean {
  return readFileSync(path, "latin1").includes(secret);
}

function canOpen(path: string): boolean {
  closeSync(openSync(path, "r"));
  return true;
}

/** A thread without the flags of its process. */
function threadCanOpen(path: string): Promise<boolean> {
  const code = `require("node:fs").openSync("${path}", "r"); require("node:worker_threads").parentPort.postMessage(true)`;
  return new Promise((resolve, reject) => {
    new Worker(code, { eval: true, execArgv: [], env: {} }).on("message", resolve).on("error", reject);
  });
}
