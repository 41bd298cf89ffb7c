import { type Application, TelegramError } from "../../../src/index.ts";

/** Logs for each call if the result is for this instance, or the error. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    let text: string;
    try {
      const sent = await send({ type: "telegram.send_message", text: event.text ?? "" });
      text = sent.chat.id === scope.chat?.id && sent.text === event.text ? "mine" : "another chat's";
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      text = `${error.method} ${error.error_code} ${error.description}`;
    }
    console.log(`${event.text}: ${text}`);
  }
};
