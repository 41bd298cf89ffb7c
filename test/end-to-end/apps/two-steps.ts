import { type Application, delivery } from "../../../src/index.ts";

/** Answers each message with two of its own. In between it asks for chats, which is never recorded: a test may hold the answers. */
export const application: Application = async (_scope, receive, send) => {
  const pass = (gate: string) => send({ type: "telegram.get_chat", chat_id: `@${gate}` });
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "exit") process.exit(7);
    const own = delivery(event)!;
    await pass(`began with ${JSON.stringify([own.saved ?? null, ...own.uncertain.map(({ text }) => text)])}`);
    await send({ type: "telegram.send_message", text: "one" });
    own.save("one is sent");
    await pass("between");
    await send({ type: "telegram.send_message", text: "two" });
    await pass("after");
  }
};
