/**
 * The application of the test of many machines: writes the beginning and the end of each message to a file that outlives its process, and
 * counts the messages of each chat in its session.
 */

import { openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery } from "../../src/index.ts";
import { store } from "../../src/storage/storage.ts";
import { isSlow } from "./load.ts";
import { after, type Session } from "./session.ts";

const file = openSync(process.env.MACHINES_LOG!, "a");
const write = (...words: readonly (string | number)[]) => {
  writeSync(file, `${words[0]} ${process.hrtime.bigint() / 1000n} ${words.slice(1).join(" ")}\n`);
};

export const application: Application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message") continue;
    const number = Number(event.text);
    const chat = scope.chat!.id;
    write("begin", chat, number, delivery(event)!.attempt);
    await store.set(`${chat}`, after(await store.get<Session>(`${chat}`), number));
    if (isSlow(chat)) await delay(200);
    else if (number % 5 === 0) await send({ type: "telegram.send_message", text: `${number}` });
    else await delay(1 + ((number * 7) % 20));
    write("end", chat, number);
  }
};
