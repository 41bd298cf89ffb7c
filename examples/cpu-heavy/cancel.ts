import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

const { fractal } = offload<typeof import("./fractal.ts")>("./fractal.ts");

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
      // The event stays unsettled until the promise is over, and receive() goes on meanwhile.
      work.waitUntil(draw(Number(event.text), send));
    }
  }
};

async function draw(depth: number, send: Send): Promise<void> {
  const photo = await fractal(depth);
  await send({ type: "telegram.send_photo", photo });
}
