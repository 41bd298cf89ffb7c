/**
 * A bot that computes: for a number it finds the next prime the slow way and blocks its worker thread. Polling and the
 * chats of the other workers go on.
 */
import type { Application } from "asgigram";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const number = Number(event.text);
    if (!Number.isSafeInteger(number)) {
      await send({ type: "telegram.send_message", text: "Send me a whole number." });
      continue;
    }
    await send({ type: "telegram.send_chat_action", action: "typing" });
    await send({
      type: "telegram.send_message",
      text: `The next prime is ${nextPrime(number)}.`,
      reply_to_message_id: event.message_id,
    });
  }
};

function nextPrime(number: number): number {
  for (let candidate = Math.max(2, number + 1); ; candidate++) {
    if (isPrime(candidate)) return candidate;
  }
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}
