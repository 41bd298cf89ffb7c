/** /metrics of a real server after known events. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal, refuse, Simulator } from "../../simulator/index.ts";
import { eventually } from "../eventually.ts";
import { confirmed, message } from "./bot.ts";
import { startServer } from "./server.ts";

const LISTEN = "127.0.0.1:0";
const [BLOCKED, BUSY] = [403, 429];

test("metrics count what has happened", async () => {
  let tooMany = 0;
  await using simulator = await Simulator.start({
    intercept: async ({ method, parameters }, respond) => {
      if (method !== "sendMessage") return await respond();
      if (parameters.chat_id === BLOCKED) return refuse(new Refusal(403, "Forbidden: bot was blocked by the user"));
      if (parameters.chat_id === BUSY && ++tooMany === 1) {
        return refuse(new Refusal(429, "Too Many Requests: retry after 1", { retry_after: 1 }));
      }
      return await respond();
    },
  });
  await using server = await startServer("fragile", simulator, { maxApplications: 1, maxAttempts: 1, listen: LISTEN });
  const scrape = async () => (await fetch(`${server.statusUrl}/metrics`)).text();
  /** Asks until the metric has that value. */
  const reaches = async (line: string) => {
    let text = "";
    await eventually(
      async () => {
        text = await scrape();
        return text.split("\n").includes(line);
      },
      () => text,
    );
  };
  const say = async (chat: number, text: string) => {
    await simulator.push(message(chat, text));
    await confirmed(simulator);
    await server.idle();
  };

  await say(1, "hello");
  await say(2, "hello");
  await say(3, "hello");
  await say(BUSY, "hello");
  await say(BLOCKED, "hello");
  await say(1, "fail");
  await simulator.push({ edited_message: message(1, "hello").message });
  await reaches('asgigram_instances_dropped_total{reason="evicted"} 4');
  await say(2, "exit");
  await reaches("asgigram_workers_up 1");
  await say(3, "hello");
  await server.idle();

  const counted = (await scrape()).split("\n").filter((line) => /^asgigram_\w+(_total\{|_count )/.test(line));
  assert.deepEqual(
    counted.filter((line) => !line.endsWith(" 0") && !/^asgigram_(polls|event_loop)/.test(line)),
    [
      'asgigram_updates_received_total{kind="message"} 8',
      'asgigram_updates_received_total{kind="edited_message"} 1',
      "asgigram_event_wait_seconds_count 9",
      'asgigram_events_settled_total{outcome="settled"} 6',
      'asgigram_events_settled_total{outcome="failed"} 2',
      'asgigram_events_settled_total{outcome="dead_lettered"} 1',
      "asgigram_event_handling_seconds_count 9",
      'asgigram_dead_letters_total{cause="failed"} 2',
      'asgigram_dead_letters_total{cause="worker_died"} 1',
      'asgigram_worker_restarts_total{cause="crash"} 1',
      "asgigram_send_seconds_count 6",
      'asgigram_sends_total{method="sendMessage",outcome="ok"} 5',
      'asgigram_sends_total{method="sendMessage",outcome="refused"} 1',
      'asgigram_send_retries_total{cause="refused"} 1',
      // The last of them a moment before its worker died.
      'asgigram_instances_dropped_total{reason="evicted"} 5',
    ],
  );
  const text = await scrape();
  assert.ok(!text.includes(simulator.token));
  for (const line of [
    "asgigram_inbox_events 0",
    "asgigram_inbox_oldest_age_seconds 0",
    "asgigram_events_posted 0",
    "asgigram_sends_pending 0",
    "asgigram_lanes_paused 0",
    "asgigram_workers 1",
    "asgigram_workers_up 1",
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
});

test("metrics of two servers in one process are kept apart", async () => {
  await using quiet = await Simulator.start();
  await using busy = await Simulator.start();
  await using idle = await startServer("echo", quiet, { listen: LISTEN });
  await using working = await startServer("echo", busy, { listen: LISTEN });
  assert.notEqual(idle.id, working.id);
  await busy.push(message(1, "hello"));
  await confirmed(busy);
  await working.idle();
  const [none, one] = await Promise.all(
    [idle, working].map(async ({ statusUrl }) => (await (await fetch(`${statusUrl}/metrics`)).text()).split("\n")),
  );
  assert.ok(none!.includes("asgigram_event_wait_seconds_count 0"));
  assert.ok(one!.includes("asgigram_event_wait_seconds_count 1"));
});
