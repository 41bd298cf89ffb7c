/** A conversation with its state in local variables: each chat has its own call of the application. */
import type { Application, IncomingEvent, Receive } from "asgigram";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    await said(receive);
    await send({ type: "telegram.send_message", text: "What is your name?" });
    const name = await said(receive);
    const asked = await send({
      type: "telegram.send_message",
      text: `${name}, do you like tea?`,
      reply_markup: {
        inline_keyboard: [
          [
            { text: "Yes", callback_data: "yes" },
            { text: "No", callback_data: "no" },
          ],
        ],
      },
    });
    const { id, data } = await pressed(receive);
    await send({ type: "telegram.answer_callback_query", callback_query_id: id });
    const text = data === "yes" ? `${name} likes tea.` : `${name} does not like tea.`;
    await send({ type: "telegram.edit_message_text", message_id: asked.message_id, text });
  }
};

/** The text of the next message. */
async function said(receive: Receive): Promise<string> {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message") return event.text ?? "";
  }
}

/** The next press of a button. */
async function pressed(receive: Receive): Promise<IncomingEvent & { type: "telegram.callback_query" }> {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.callback_query") return event;
  }
}
