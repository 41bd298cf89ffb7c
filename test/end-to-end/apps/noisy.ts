import { spawnSync } from "node:child_process";
import type { Application } from "../../../src/index.ts";

const LINE = "x".repeat(1000);

/** Prints a megabyte for each message, and starts a process that inherits standard error. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    spawnSync(process.execPath, ["--version"], { stdio: ["ignore", "ignore", 2] });
    for (let line = 0; line < 1000; line++) console.log(LINE);
    await send({ type: "telegram.send_message", text: "printed" });
  }
};
