import { type Application, delivery } from "../../../src/index.ts";

/** Sends a report of every event and its scope to the chat with the id 1. */
export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    const { chat, user, business_connection_id, guest_query_id } = scope;
    const report = { type: event.type, chat: chat?.id, user: user?.id, business_connection_id, guest_query_id };
    const text = JSON.stringify({ ...report, delivery: delivery(event), keys: Object.keys(event) });
    await send({ type: "telegram.send_message", chat_id: 1, text });
  }
};
