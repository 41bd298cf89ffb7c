/** A real run to look at: a server and its simulator, chats with their ups and downs, and /metrics scraped all the while. */

import { setTimeout as delay } from "node:timers/promises";
import { type RawUpdate, Refusal, refuse, Simulator } from "../../simulator/index.ts";
import { serve } from "../../src/index.ts";
import { parseMetrics, type Scrape } from "./series.ts";

const CHATS = 200;

/** @param duration and the time between two scrapes: seconds */
export async function run(duration: number, interval: number): Promise<Scrape[]> {
  await using simulator = await Simulator.start({
    callLog: 0,
    historyPerChat: 10,
    intercept: async ({ method }, respond) => {
      if (method === "getUpdates") return await respond();
      await delay(15 + 40 * Math.random() ** 3);
      const luck = Math.random();
      if (luck < 0.004) return refuse(new Refusal(429, "Too Many Requests: retry after 2", { retry_after: 2 }));
      if (luck < 0.008) return refuse(new Refusal(403, "Forbidden: bot was blocked by the user"));
      return await respond();
    },
  });
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: new URL("bot.ts", import.meta.url).pathname,
    workers: 2,
    inbox: false,
    listen: "127.0.0.1:0",
    logLevel: "silent",
  });
  const scrapes: Scrape[] = [];
  const end = performance.now() + duration * 1000;
  const progress = () => 1 - (end - performance.now()) / (duration * 1000);
  const talking = talk(simulator, progress);
  while (progress() < 1) {
    const text = await (await fetch(`${server.statusUrl}/metrics`)).text();
    scrapes.push({ at: Date.now() / 1000, samples: parseMetrics(text) });
    await delay(interval * 1000);
  }
  await talking;
  await server.stop();
  return scrapes;
}

/** A day in a minute: traffic swells and ebbs, with a crowd at half time that computes, and a worker that dies now and then. */
async function talk(simulator: Simulator, progress: () => number): Promise<void> {
  const [TICK, DEATHS] = [0.1, [0.3, 0.7]];
  for (let now = progress(); now < 1; now = progress()) {
    const perSecond = 30 + 60 * Math.sin(Math.PI * now) ** 2 + (now > 0.5 && now < 0.56 ? 120 : 0);
    await simulator.pushMany(
      Array.from({ length: Math.round(perSecond * TICK) }, (): RawUpdate => update(wordAt(now))),
    );
    if (DEATHS.length > 0 && now > DEATHS[0]!) {
      DEATHS.shift();
      await simulator.pushMany([update("die")]);
    }
    await delay(TICK * 1000);
  }
}

function wordAt(now: number): string {
  const luck = Math.random();
  if (luck < 0.004) return "fail";
  if (luck < 0.02) return "think";
  return luck < (now > 0.5 && now < 0.56 ? 0.12 : 0.025) ? "compute" : "hello";
}

let queries = 0;

function update(text: string): RawUpdate {
  const id = 1 + Math.floor(Math.random() ** 2 * CHATS);
  const chat = { id, type: "private", first_name: `User ${id}` };
  const from = { id, is_bot: false, first_name: `User ${id}` };
  const message = { message_id: 1, date: Math.floor(Date.now() / 1000), chat, from, text };
  const luck = text === "hello" ? Math.random() : 1;
  if (luck < 0.15)
    return { callback_query: { id: `${++queries}`, from, message, chat_instance: `${id}`, data: "more" } };
  return luck < 0.2 ? { edited_message: { ...message, edit_date: message.date } } : { message };
}
