import { spawn } from "node:child_process";
import { type Application, delivery } from "../../../src/index.ts";

/** Starts two processes for each message, which end with their standard input at the latest: one ends with the signal of its scope, the other with that of its delivery. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const { signal } = scope.extensions;
    const ends = [signal, delivery().signal].map(endOfProcess);
    await send({ type: "telegram.send_message", text: "encoding" });
    console.log(`encoders ended by ${(await Promise.all(ends)).join(" and ")}`);
    signal.throwIfAborted();
  }
};

/** @returns the signal that ended the process */
async function endOfProcess(signal: AbortSignal): Promise<unknown> {
  const encoder = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    signal,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // The abort of the signal.
  encoder.on("error", () => {});
  const [, name] = await new Promise<unknown[]>((resolve) => encoder.once("exit", (...end) => resolve(end)));
  return name;
}
