/**
 * A hundred reloads while messages come in: the real server, its threads, an inbox in a file. Other seeds: SEED=7 RELOADS=400 node --test …
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { serve } from "../../src/index.ts";
import { deadLettersIn, unsettledIn } from "../chaos/inbox-file.ts";
import { Random } from "../faults/random.ts";
import { Folder, message } from "./bot.ts";

const SEED = Number(process.env.SEED ?? 1);
const CHATS = 60;
const RELOADS = Number(process.env.RELOADS ?? 100);
/** Messages that may be unanswered: enough that some are always held, some queued at a worker, and some in the inbox. */
const UNANSWERED = 1500;

/** Sends messages and hears the answers, chat by chat, for as long as it is told to. */
class Load {
  readonly heard = new Map<number, { number: number; attempt: number }[]>();
  sent = 0;
  answered = 0;
  readonly #simulator: Simulator;
  readonly #random: Random;
  readonly #deadly: number;
  readonly #numbers = new Map<number, number>();
  readonly #answers = new Set<string>();

  /** @param deadly how many messages of a hundred kill their worker */
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

  /** Resolves when all is answered; rejects when nothing has been for long. */
  async done(): Promise<void> {
    for (let [answered, still] = [-1, 0]; this.answered < this.sent; still++) {
      if (this.answered > answered) [answered, still] = [this.answered, 0];
      assert.ok(still < 1000, `${this.sent - this.answered} of ${this.sent} are not answered, and no more come`);
      await delay(10);
    }
  }

  async #push(count: number): Promise<void> {
    const updates = Array.from({ length: count }, () => {
      const chat = this.#random.integer(1, CHATS);
      const number = (this.#numbers.get(chat) ?? 0) + 1;
      this.#numbers.set(chat, number);
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

/** @param deadly how many messages of a hundred kill their worker */
async function reloadUnderLoad(times: number, deadly: number) {
  const random = new Random(SEED);
  const folder = new Folder();
  const inbox = join(folder.path, "inbox.sqlite");
  await using simulator = await Simulator.start({ callLog: 0, historyPerChat: 2 });
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: join(import.meta.dirname, "apps/laborer.ts"),
    workers: 2,
    inbox,
    logLevel: "silent",
  });
  const load = new Load(simulator, random.fork(), deadly);
  let isOver = false;
  const poured = load.pour(() => isOver);
  for (let reload = 1; reload <= times; reload++) {
    if (random.chance(0.3)) await delay(random.integer(0, 30));
    const reloads = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => server.reload());
    await Promise.all(reloads);
  }
  isOver = true;
  await poured;
  await load.done();
  await server.stop();
  const left = { unsettled: unsettledIn(inbox), deadLetters: deadLettersIn(inbox) };
  folder[Symbol.dispose]();
  return { load, left };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test(`${RELOADS} reloads under load: every event is delivered exactly once, and in order`, {
  timeout: 180_000,
}, async (t) => {
  const { load, left } = await reloadUnderLoad(RELOADS, 0);
  t.diagnostic(`seed ${SEED}: ${load.sent} events`);
  for (const [chat, heard] of load.heard) {
    assert.deepEqual(
      heard.map(({ number }) => number),
      upTo(heard.length),
      `chat ${chat}, seed ${SEED}`,
    );
    const again = heard.filter(({ attempt }) => attempt !== 1);
    assert.deepEqual(again, [], `chat ${chat}, seed ${SEED}: no attempt is wasted`);
  }
  assert.deepEqual(left, { unsettled: 0, deadLetters: [] });
});

test("reloads while workers die: every event is delivered at least once, in order, and none is condemned", {
  timeout: 180_000,
}, async (t) => {
  const { load, left } = await reloadUnderLoad(RELOADS / 4, 0.1);
  t.diagnostic(`seed ${SEED}: ${load.sent} events`);
  for (const [chat, heard] of load.heard) {
    const numbers = heard.map(({ number }) => number);
    const first = numbers.filter((number, i) => number !== numbers[i - 1]);
    assert.deepEqual(first, upTo(first.length), `chat ${chat}, seed ${SEED}`);
  }
  assert.deepEqual(left, { unsettled: 0, deadLetters: [] });
});
