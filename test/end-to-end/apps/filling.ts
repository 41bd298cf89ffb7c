import { open, stat } from "node:fs";
import type { Application } from "../../../src/index.ts";

/** Threads of libuv's pool. */
const THREADS = 4;

/** "fill" keeps all threads of libuv's pool waiting until the pipe has a writer, and says when one is free again. Answers every message. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const reply = (text: string) => send({ type: "telegram.send_message", text });
    if (event.text === "fill") {
      for (let i = 0; i < THREADS; i++) open(process.env.PIPE!, "r", () => {});
      stat(".", () => void reply("free"));
      console.log("full");
    }
    await reply(event.text!);
  }
};
