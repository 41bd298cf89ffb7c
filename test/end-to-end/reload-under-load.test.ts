/**
 * Reloads while messages come in: the real server, its threads, an inbox in a file. For as long as TIME, or RELOADS times; with
 * another seed: SEED=7 RELOADS=400 node --test test/end-to-end/reload-under-load.test.ts
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { deadLettersIn, unsettledIn } from "../chaos/inbox-file.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { confirmed, message } from "./bot.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env.SEED ?? 1);
const CHATS = 60;
/** Number of reloads; without it, TIME counts. */
const RELOADS = process.env.RELOADS === undefined ? undefined : Number(process.env.RELOADS);
/** All reloads of this file together take about so long, in ms. */
const TIME = 5000;
/** Most messages without an answer: enough that some are always held, some queued at a worker, and some in the inbox. */
const UNANSWERED = 1500;

/** Sends messages to many chats, and notes the answers. */
class Load {
  readonly heard = new Map<number, { number: number; attempt: number }[]>();
  /** Number of messages by chat. */
  readonly sentTo = new Map<number, number>();
  sent = 0;
  answered = 0;
  readonly #simulator: Simulator;
  readonly #random: Random;
  readonly #deadly: number;
  readonly #answers = new Set<string>();

  /** @param deadly percentage of messages that kill their worker */
  constructor(simulator: Simulator, random: Random, deadly: number) {
    this.#simulator = simulator;
    this.#random = random;
    this.#deadly = deadly;
    simulator.observe((event) => {
      if (event.by === "bot" && event.type === "message") this.#hear(event.chat_id, event.message.text!);
    });
  }

  async pour(until: () => boolean): Promise<void> {
    while (!until()) {
      if (this.sent - this.answered < UNANSWERED) await this.#push(this.#random.integer(1, 40));
      await delay(this.#random.integer(0, 10));
    }
  }

  async #push(count: number): Promise<void> {
    const updates = Array.from({ length: count }, () => {
      const chat = this.#random.integer(1, CHATS);
      const number = (this.sentTo.get(chat) ?? 0) + 1;
      this.sentTo.set(chat, number);
      return message(chat, `${number} ${this.#deed()}`);
    });
    this.sent += count;
    await this.#simulator.pushMany(updates);
  }

  #deed(): string {
    if (this.#random.chance(this.#deadly / 100)) return "die";
    if (this.#random.chance(0.1)) return `wait ${this.#random.integer(1, 30)}`;
    return this.#random.chance(0.05) ? `compute ${this.#random.integer(1, 5)}` : "answer";
  }

  #hear(chat: number, text: string): void {
    const [number, attempt] = text.split(" ").map(Number) as [number, number];
    const heard = this.heard.get(chat) ?? [];
    this.heard.set(chat, heard);
    heard.push({ number, attempt });
    const answer = `${chat} ${number}`;
    if (!this.#answers.has(answer)) this.answered += 1;
    this.#answers.add(answer);
  }
}

/** Reloads a server until the time is up, at least `least` times. */
async function reloadUnderLoad({ least, most, time, deadly }: Plan): Promise<Result> {
  const random = new Random(SEED);
  using folder = new Folder();
  const inbox = folder.join("inbox.sqlite");
  await using simulator = await Simulator.start({ callLog: 0, historyPerChat: 2 });
  await using server = await startServer("laborer", simulator, { workers: 2, inbox });
  const load = new Load(simulator, random.fork(), deadly);
  let isOver = false;
  const poured = load.pour(() => isOver);
  const end = performance.now() + time;
  let reloads = 0;
  for (; reloads < least || (reloads < most && performance.now() < end); reloads++) {
    if (random.chance(0.3)) await delay(random.integer(0, 30));
    await Promise.all(Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => server.reload()));
  }
  isOver = true;
  await poured;
  await confirmed(simulator);
  await server.idle();
  await server.stop();
  return { load, reloads, unsettled: unsettledIn(inbox), deadLetters: deadLettersIn(inbox) };
}

interface Plan {
  least: number;
  most: number;
  /** In ms. */
  time: number;
  /** Percentage of messages that kill their worker. */
  deadly: number;
}

interface Result {
  load: Load;
  reloads: number;
  unsettled: number;
  deadLetters: number[];
}

/** Takes a share of the time, or of RELOADS. */
function plan(share: number, deadly: number): Plan {
  const count = RELOADS === undefined ? undefined : Math.ceil(RELOADS * share);
  return { least: count ?? Math.ceil(10 * share), most: count ?? Number.POSITIVE_INFINITY, time: TIME * share, deadly };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** RELOADS may take longer than the runner's limit for a test. */
const OPTIONS = RELOADS === undefined ? {} : { timeout: 60_000 + RELOADS * 20_000 };

test("reloads under load: every event is delivered exactly once, and in order", OPTIONS, async (t) => {
  const { load, reloads, unsettled, deadLetters } = await reloadUnderLoad({ ...plan(0.7, 0), least: RELOADS ?? 10 });
  t.diagnostic(`seed ${SEED}: ${load.sent} events, ${reloads} reloads`);
  assert.deepEqual({ unsettled, deadLetters }, { unsettled: 0, deadLetters: [] }, `seed ${SEED}`);
  for (const [chat, sent] of load.sentTo) {
    const heard = load.heard.get(chat) ?? [];
    const numbers = heard.map(({ number }) => number);
    assert.deepEqual(numbers, upTo(sent), `chat ${chat}, seed ${SEED}`);
    const again = heard.filter(({ attempt }) => attempt !== 1);
    assert.deepEqual(again, [], `chat ${chat}, seed ${SEED}: no attempt is wasted`);
  }
});

test(
  "reloads while workers die: every event is delivered at least once, in order, and none is a dead letter",
  OPTIONS,
  async (t) => {
    const { load, reloads, unsettled, deadLetters } = await reloadUnderLoad(plan(0.3, 0.1));
    t.diagnostic(`seed ${SEED}: ${load.sent} events, ${reloads} reloads`);
    assert.deepEqual({ unsettled, deadLetters }, { unsettled: 0, deadLetters: [] }, `seed ${SEED}`);
    for (const [chat, sent] of load.sentTo) {
      const numbers = (load.heard.get(chat) ?? []).map(({ number }) => number);
      const first = numbers.filter((number, i) => number !== numbers[i - 1]);
      assert.deepEqual(first, upTo(sent), `chat ${chat}, seed ${SEED}`);
    }
  },
);
