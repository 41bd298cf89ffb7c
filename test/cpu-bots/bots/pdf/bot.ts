/** Writes a document of as many pages as the message says. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

const { write } = offload<typeof import("./write.ts")>("./write.ts", { threads: 1 });

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
  await send({ type: "telegram.send_message", text: `Working, attempt ${attempt}` });
  const bytes = await write(size);
  await send({ type: "telegram.send_document", document: { bytes, filename: "pages.pdf" }, caption: "Done" });
}
