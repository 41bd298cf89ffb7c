import { type Application, delivery } from "../../../src/index.ts";

/** Says back what it was told, and at which attempt, to those whom it can. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message" || scope.chat === undefined) continue;
    await send({ type: "telegram.send_message", text: `${event.text} ${delivery(event)?.attempt}` });
  }
};
