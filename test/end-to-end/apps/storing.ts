/**
 * Chains the texts of each chat in a stored value, and does at the first attempt what the text asks for: a text is a number and a fault.
 * What it stores depends on each text and on the order, and not on the faults.
 */

import { setTimeout as wait } from "node:timers/promises";
import { type Application, delivery, RetryLater } from "../../../src/index.ts";
import { store } from "../../../src/storage/storage.ts";

export const application: Application = async ({ chat }, receive, send) => {
  const key = `${chat!.id}`;
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message") continue;
    const [number = "", fault] = event.text!.split(" ");
    const isFirst = delivery().attempt === 1;
    if (isFirst && fault === "dies") process.exit(1);
    if (fault === "keeps") {
      // The chat's next event does not wait for it.
      delivery().waitUntil(wait(10).then(() => store.set(`${key}/kept ${number}`, number)));
      continue;
    }
    const chain = (await store.get<string[]>(key)) ?? [];
    await store.delete(`${key}/after ${chain.length}`);
    await store.set(key, [...chain, number]);
    await store.set(`${key}/after ${chain.length + 1}`, chain);
    if (isFirst && fault === "dies-late") process.exit(1);
    if (isFirst && fault === "later") throw new RetryLater({ after: 1 });
    if (isFirst && fault === "slow") await wait(30);
    await send({ type: "telegram.send_message", text: number });
    if (fault === "throws") throw new Error("it is a dead letter: its writes are dropped");
  }
};
