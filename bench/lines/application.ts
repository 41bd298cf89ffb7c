/** A bot of a group: "/work <time>" computes until that time, "/ping" is answered at once. */

import { type Application, offload } from "../../src/index.ts";

const { burn } = offload<typeof import("./work.ts")>("./work.ts");

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    const [command, argument] = (event.text ?? "").split(" ");
    if (command === "/work") {
      await send({ type: "telegram.send_message", text: "at work" });
      await burn(Number(argument));
    } else await send({ type: "telegram.send_message", text: `pong ${argument}` });
  }
};
