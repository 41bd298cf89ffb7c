/** Streams an answer of as many words as the message says, as a draft that grows. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

const { generate } = offload<typeof import("./generate.ts")>("./generate.ts", { threads: 1 });

export const application: Application = async (_scope, receive, send) => {
  let work: Delivery | undefined;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "/cancel") {
      work?.cancel();
      await send({ type: "telegram.send_message", text: "Cancelled." });
    } else {
      work = speak(Number(event.text), send);
    }
  }
};

/** A plain function: delivery() is that of the event for which it was called. */
function speak(words: number, send: Send): Delivery {
  const work = delivery();
  work.waitUntil(stream(words, send));
  return work;
}

async function stream(words: number, send: Send): Promise<void> {
  const { attempt, update_id } = delivery();
  await send({ type: "telegram.send_message", text: `Working, attempt ${attempt}` });
  let text = "Done:";
  for await (const word of generate(words)) {
    text += ` ${word}`;
    await send({ type: "telegram.send_message_draft", draft_id: update_id, text });
  }
  await send({ type: "telegram.send_message", text });
}
