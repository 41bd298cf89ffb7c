/**
 * The limit: one thread that polls, parses and sends. No isolation, no inbox, no order, no error handling. As many
 * connections as asgigram, and at most as many updates at once as a worker of asgigram.
 */

import { Pool } from "undici";
import { apiUrl, reply, token } from "./bot.ts";

interface Message {
  update_id: number;
  message: { text: string; chat: { id: number } };
}

const MOST_AT_ONCE = 1000;

const { origin } = new URL(apiUrl);
const polls = new Pool(origin, { connections: 1 });
const calls = new Pool(origin, { connections: 1000 });
let underWay = 0;
let wake = () => {};

async function call(pool: Pool, method: string, parameters: object): Promise<unknown> {
  const { body } = await pool.request({
    method: "POST",
    path: `/bot${token}/${method}`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  return JSON.parse(await body.text()).result;
}

async function handle({ message }: Message): Promise<void> {
  underWay += 1;
  await call(calls, "sendMessage", { chat_id: message.chat.id, text: reply(message.text) });
  if (--underWay < MOST_AT_ONCE) wake();
}

let offset: number | undefined;
for (;;) {
  const updates = (await call(polls, "getUpdates", { offset, limit: 100, timeout: 50 })) as Message[];
  for (const update of updates) {
    offset = update.update_id + 1;
    void handle(update);
  }
  if (underWay >= MOST_AT_ONCE) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
