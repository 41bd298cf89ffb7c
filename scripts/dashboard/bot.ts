import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery } from "../../src/index.ts";

/** A bot like many: mostly quick, at times slow or computing, now and then at fault. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.callback_query") {
      await send({ type: "telegram.answer_callback_query", callback_query_id: event.id });
      continue;
    }
    if (event.type !== "telegram.message") continue;
    switch (event.text) {
      case "think":
        await delay(1500);
        break;
      case "compute":
        for (const end = performance.now() + 150; performance.now() < end; );
        break;
      case "fail":
        throw new Error("the bot is at fault");
      case "die":
        if (delivery(event)?.attempt === 1) process.exit(1);
    }
    await send({ type: "telegram.send_chat_action", action: "typing" });
    await send({ type: "telegram.send_message", text: event.text ?? "?" });
  }
};
