import { existsSync } from "node:fs";
import { type Application, delivery, onDeadLetter } from "../../../src/index.ts";

onDeadLetter(async ({ event, error, attempts, send }) => {
  if (event.type !== "telegram.message") return;
  const { name, message } = error as Error;
  console.log("telling");
  await send({ type: "telegram.send_message", text: `sorry for ${event.text}: ${name}: ${message}; ${attempts}` });
});

/** Does what the message says. "block" holds up the thread for as long as the file GATE exists. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    if (event.text === "throw") throw new Error("no luck");
    if (event.text === "throw later") delivery().waitUntil(Promise.reject(new Error("no luck later")));
    if (event.text === "exit") process.exit(7);
    // Without the load of a loop.
    const block = (ms?: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    if (event.text === "spin") block();
    if (event.text === "block") {
      delivery().busy("upload_video");
      while (existsSync(process.env.GATE!)) block(20);
    }
    await send({ type: "telegram.send_message", text: `did ${event.text}` });
    if (event.text !== "report") continue;
    await send({ type: "telegram.send_message", text: `aborted: ${delivery().signal.aborted}` });
  }
};
