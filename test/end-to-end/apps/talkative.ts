/** Logs what a message says, and does it. */

import type { Application } from "../../../src/index.ts";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    console.log(`about to ${event.text}`);
    if (event.text === "throw") throw new Error("no luck");
    if (event.text === "exit") process.exit(7);
    if (event.text === "send nothing") await send({ type: "telegram.send_message", text: "" }).catch(() => {});
    if (event.text === "send what is none") await send({ type: "telegram.send_message" } as never).catch(() => {});
    await send({ type: "telegram.send_message", text: "done" });
  }
};
