/** Answers each message of an instance with its number and its text. "wait" first waits until the test speaks on the channel; "boom" throws. */

import { BroadcastChannel } from "node:worker_threads";
import type { Application } from "../../../src/index.ts";

const { promise: told, resolve } = Promise.withResolvers<void>();
const channel = new BroadcastChannel("members");
channel.onmessage = () => resolve();
channel.unref();

export const application: Application = async (scope, receive, send) => {
  const { topic, member } = scope;
  const whose = member?.first_name ?? (topic === undefined ? "all" : `topic ${topic}`);
  for (let number = 1; ; number++) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    if (event.text === "wait") await told;
    if (event.text === "boom") throw new Error("boom");
    await send({ type: "telegram.send_message", text: `${whose} ${number}: ${event.text}` });
  }
};
