import { type Application, delivery } from "../../../src/index.ts";

/** Says back what it was told, and at which attempt. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: `${event.text} ${delivery(event)?.attempt}` });
  }
};
