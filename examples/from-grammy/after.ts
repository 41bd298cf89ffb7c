import type { Application, Receive } from "asgigram";
import { nextPrime } from "./primes.ts";

export const application: Application = async (_scope, receive, send) => {
  const reply = (text: string) => send({ type: "telegram.send_message", text });

  await nextText(receive);
  await reply("What is your name?");
  const name = await nextText(receive);
  await reply(`${name}, send me a number.`);
  for (let found = 1; ; found++) {
    // Only the chats of this worker wait here.
    const prime = nextPrime(Number(await nextText(receive)));
    await reply(`${name}, prime ${found} is ${prime}.`);
  }
};

async function nextText(receive: Receive): Promise<string> {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message" && event.text !== undefined) return event.text;
  }
}
