/**
 * Counts the messages that a bot loses, and those that it answers twice, when its process is killed and when a message crashes its handler.
 *
 * 120 heavy messages come from 12 chats. In `kill -9` the bot's process is killed three times. In `crash` one message more makes the handler
 * throw where nothing catches it. The bot is started again half a second after its end. A message without an answer 15 s after the last new
 * answer is lost. The Bot API is the simulator, which hands an update out until a poll confirms it.
 */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../../test/child.ts";
import type { Peer } from "../peers.ts";

export const WAYS = ["kill -9", "crash"] as const;

export type Way = (typeof WAYS)[number];

export interface Counts {
  lost: number;
  twice: number;
  /** Starts after the first. */
  restarts: number;
}

export interface Crashes {
  readonly peer: Peer;
  readonly way: Way;
  /** Heavy messages a second. */
  readonly rate: number;
  /** A share of the time between two messages, after which a kill comes. */
  readonly moment: number;
  /** The bot's settings. */
  readonly env: NodeJS.ProcessEnv;
}

export const MESSAGES = 120;
const CHATS = 12;
const KILLED_AFTER = [30, 60, 90];
const CRASH_AFTER = 40;
/** ms. */
const RESTART = 500;
const PATIENCE = 15_000;

export async function crashes({ peer, way, rate, moment, env }: Crashes): Promise<Counts> {
  await using simulator = await Simulator.start();
  const people = await Promise.all(Array.from({ length: CHATS }, (_, i) => simulator.user(`User ${i}`)));
  const answers = new Map<number, number>();
  let newest = Date.now();
  simulator.observe((event) => {
    if (event.type !== "message" || event.by !== "bot") return;
    const { text, caption = text } = event.message;
    const number = Number.parseInt(caption ?? "", 10);
    if (!answers.has(number)) newest = Date.now();
    answers.set(number, (answers.get(number) ?? 0) + 1);
  });
  await using bot = new Supervised(peer, simulator, env);
  const send = (text: string, i: number) => people[i % CHATS]!.sendText(text);
  const isAnswered = (count: number) => answers.size >= count;
  // The bot has started.
  await send("0", 0);
  while (!isAnswered(1)) await delay(50);
  for (let i = 1; i <= MESSAGES; i++) {
    await send(`${i} heavy`, i);
    if (way === "crash" && i === CRASH_AFTER) await send(`${MESSAGES + 1} crash`, 0);
    const isKilled = way === "kill -9" && KILLED_AFTER.includes(i);
    await delay((isKilled ? moment : 1) * (1000 / rate));
    if (isKilled) bot.kill();
  }
  while (!isAnswered(MESSAGES + 1) && Date.now() - newest < PATIENCE) await delay(50);
  return {
    lost: MESSAGES + 1 - answers.size,
    twice: [...answers.values()].filter((count) => count > 1).length,
    restarts: bot.restarts,
  };
}

/** A bot's process, which is started again whenever it ends. */
class Supervised implements AsyncDisposable {
  restarts = -1;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #folder = mkdtempSync(join(tmpdir(), "asgigram-crashes-"));
  readonly #over: Promise<void>;
  #process!: ChildProcess;
  #isWanted = true;

  constructor(peer: Peer, { url, token }: Simulator, env: NodeJS.ProcessEnv) {
    this.#args = peer.command({ apiUrl: url, folder: this.#folder, workers: 0 });
    this.#env = {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      BENCH_API_URL: url,
      BENCH_TOKEN: token,
      ASGIGRAM_TOKEN: token,
      ...env,
    };
    this.#over = this.#run();
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.restarts += 1;
      this.#process = startChild(process.execPath, this.#args, { cwd: this.#folder, env: this.#env, stdio: "ignore" });
      await once(this.#process, "exit");
      if (this.#isWanted) await delay(RESTART);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isWanted = false;
    this.kill();
    await this.#over;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
