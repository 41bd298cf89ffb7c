import type { Application } from "../../../src/index.ts";

const READERS = Array.from({ length: 30 }, (_, i) => 1001 + i);

/** Broadcasts to its readers: from a timer, or in the event, marked as bulk. Answers everything else but "join". */
export const application: Application = async (_scope, receive, send) => {
  const broadcast = (asgigram: { bulk?: boolean }) => {
    for (const chat_id of READERS) void send({ type: "telegram.send_message", chat_id, text: "news", asgigram });
  };
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    const { text = "" } = event;
    if (text === "/timer") setTimeout(broadcast, 0, {});
    else if (text === "/bulk") broadcast({ bulk: true });
    else if (text !== "join") await send({ type: "telegram.send_message", text });
  }
};
