import { type Application, offload } from "asgigram";

const { fractal } = offload<typeof import("./fractal.ts")>("./fractal.ts");

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "/ping") {
      await send({ type: "telegram.send_message", text: "pong" });
    } else {
      // This chat waits here. Other chats and the polls go on.
      const photo = await fractal(Number(event.text));
      await send({ type: "telegram.send_photo", photo });
    }
  }
};
