/** Encodes a video of as many seconds as the message says, and edits a message with the percentage. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

const { encode } = offload<typeof import("./encode.ts")>("./encode.ts", { threads: 1 });

export const application: Application = async (_scope, receive, send) => {
  let work: Delivery | undefined;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "/cancel") {
      work?.cancel();
      await send({ type: "telegram.send_message", text: "Cancelled." });
    } else {
      work = delivery();
      work.waitUntil(answer(Number(event.text), work.attempt, send));
    }
  }
};

async function answer(size: number, attempt: number, send: Send): Promise<void> {
  const working = `Working, attempt ${attempt}`;
  const { message_id } = await send({ type: "telegram.send_message", text: working });
  for await (const { percent, video } of encode(size)) {
    if (video === undefined) await send({ type: "telegram.edit_message_text", message_id, text: `${percent} %` });
    else await send({ type: "telegram.send_video", video, caption: "Done" });
  }
}
