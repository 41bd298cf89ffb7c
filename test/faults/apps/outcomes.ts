import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery, NetworkError, TelegramError } from "../../../src/index.ts";

/** Sends the text that it receives, and reports the outcome in the description of the bot. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message" || scope.chat === undefined) continue;
    const text = event.text ?? "";
    const said = send({ type: "telegram.send_message", text });
    if (text === "say and leave") return;
    if (text === "say and die") {
      if (delivery(event)?.attempt === 1) {
        // By then the call has been handed over.
        await delay(50);
        process.exit(1);
      }
      // Goes out in one turn with the call before it, which joins the one of the first attempt.
      void send({ type: "telegram.set_my_short_description", short_description: "said again" });
    }
    const outcome = await said.then(() => "heard", nameOf);
    await send({ type: "telegram.set_my_description", description: `${text}: ${outcome}` });
  }
};

function nameOf(error: unknown): string {
  if (error instanceof NetworkError) return `${error.name} ${error.delivery}`;
  if (error instanceof TelegramError) return `${error.name} ${error.error_code}`;
  return String(error);
}
