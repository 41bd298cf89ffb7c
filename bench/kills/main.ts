/**
 * Counts the messages that a bot loses, and those that it answers twice, when its process is killed and when a message crashes its handler:
 *
 *   npm run bench:kills                    three rounds of each
 *   npm run bench:kills -- --rounds 1
 *
 * 120 messages of 12 chats, six a second, each with 100 ms of computing. The bot is started again half a second after its end. In `kill -9`
 * its process is killed three times. In `crash` one message more makes its handler throw where nothing catches it. A message without an
 * answer 15 s after the last new answer is lost. The Bot API is the simulator, which hands an update out until a poll confirms it.
 */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../../test/child.ts";
import { roundsFor } from "../calibrate.ts";
import { originOf, table } from "../report.ts";
import { originNow, versionsOf } from "../results.ts";

const TOP = join(import.meta.dirname, "../..");
const BOTS = ["grammy", "grammy-runner-piscina", "asgigram"] as const;
const WAYS = ["kill -9", "crash"] as const;

const MESSAGES = 120;
const CHATS = 12;
/** Time between two messages: ms. */
const INTERVAL = 1000 / 6;
const KILLED_AFTER = [30, 60, 90];
const CRASH_AFTER = 40;
/** ms. */
const HEAVY = 100;
const RESTART = 500;
const PATIENCE = 15_000;

type BotName = (typeof BOTS)[number];
type Way = (typeof WAYS)[number];

interface Counts {
  lost: number;
  twice: number;
  /** Starts after the first. */
  restarts: number;
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(values.rounds);
const hashing = roundsFor(HEAVY);

/** Measures each bot in each way. @returns a table */
async function run(): Promise<string> {
  const rows = [["", ...WAYS.flatMap((way) => [`${way}: lost`, "twice", "restarts"])]];
  for (const bot of BOTS) {
    const cells: string[] = [];
    for (const way of WAYS) {
      const counts: Counts = { lost: 0, twice: 0, restarts: 0 };
      for (let round = 0; round < rounds; round++) {
        console.error(`${bot}, ${way}, round ${round + 1}`);
        const { lost, twice, restarts } = await attempt(bot, way, (INTERVAL * round) / rounds);
        counts.lost += lost;
        counts.twice += twice;
        counts.restarts += restarts;
      }
      cells.push(...Object.values(counts).map(String));
    }
    rows.push([bot, ...cells]);
  }
  return table(rows);
}

/** @param moment of a kill after a message: ms */
async function attempt(name: BotName, way: Way, moment: number): Promise<Counts> {
  await using simulator = await Simulator.start();
  const people = await Promise.all(Array.from({ length: CHATS }, (_, i) => simulator.user(`User ${i}`)));
  const answers = new Map<number, number>();
  let newest = Date.now();
  simulator.observe((event) => {
    if (event.type !== "message" || event.by !== "bot") return;
    const number = Number.parseInt(event.message.text ?? "", 10);
    if (!answers.has(number)) newest = Date.now();
    answers.set(number, (answers.get(number) ?? 0) + 1);
  });
  await using bot = new Supervised(name, simulator);
  const send = (text: string, i: number) => people[i % CHATS]!.sendText(text);
  const isAnswered = (count: number) => answers.size >= count;
  // The bot has started.
  await send("0", 0);
  while (!isAnswered(1)) await delay(50);
  for (let i = 1; i <= MESSAGES; i++) {
    await send(`${i} heavy`, i);
    if (way === "crash" && i === CRASH_AFTER) await send(`${MESSAGES + 1} crash`, 0);
    const isKilled = way === "kill -9" && KILLED_AFTER.includes(i);
    await delay(isKilled ? moment : INTERVAL);
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
  readonly #folder = mkdtempSync(join(tmpdir(), "asgigram-kills-"));
  readonly #over: Promise<void>;
  #process!: ChildProcess;
  #isWanted = true;

  constructor(name: BotName, { url, token }: Simulator) {
    const file = join(import.meta.dirname, `${name}.ts`);
    const server = [join(TOP, "dist/src/cli/bin.js"), file, `--api-url=${url}`];
    this.#args = name === "asgigram" ? [...server, `--inbox=${join(this.#folder, "inbox.sqlite")}`] : [file];
    this.#env = {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      BENCH_API_URL: url,
      BENCH_TOKEN: token,
      BENCH_ROUNDS: `${hashing}`,
      ASGIGRAM_TOKEN: token,
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

const versions = versionsOf(["asgigram", "grammy", "@grammyjs/runner", "piscina"]);
const result = await run();
console.log(
  `${originOf(originNow(versions))}\nRounds: ${rounds}, summed up, each with ${MESSAGES} messages.\n\n${result}`,
);
