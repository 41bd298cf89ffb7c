import { type Application, delivery } from "../../../src/index.ts";

/** Answers each message of a chat with its text and the attempt. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message" || scope.chat === undefined) continue;
    await send({ type: "telegram.send_message", text: `${event.text} ${delivery(event)?.attempt}` });
  }
};
