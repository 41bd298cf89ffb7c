/** The echo bot with a session of 300 bytes in asgigram/storage: it is read and changed with each message. */

import type { Application } from "asgigram";
import { store } from "asgigram/storage";
import { reply } from "./bot.ts";

interface Session {
  readonly messages: number;
  readonly history: string;
}

const HISTORY = "x".repeat(270);

export const application: Application = async (scope, receive, send) => {
  const key = `${scope.chat?.id}`;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const { messages } = (await store.get<Session>(key)) ?? { messages: 0 };
    await store.set(key, { messages: messages + 1, history: HISTORY } satisfies Session);
    await send({ type: "telegram.send_message", text: reply(event.text ?? "?") });
  }
};
