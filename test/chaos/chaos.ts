/**
 * The crash test. Messages come in from 500 chats without a pause, while the server is killed, stopped and started again, its
 * workers die, its application fails, and its Bot API has every fault of faults.ts. In between, for a minute at a time, the server lives, and only some
 * chats go wrong: then the others must not wait (waits.ts). In the end all faults end, everything is answered, and the ledger is checked
 * (ledger.ts).
 */

import { closeSync, createReadStream, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type Intercept, tooManyRequests } from "../../simulator/index.ts";
import type { StoredDeadLetter } from "../../src/inbox/dead-letters.ts";
import { Asgigram } from "../cli/asgigram.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { EVERYTHING, FaultyApi, POLLS, SENDS } from "../faults/faulty-api.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { deadLettersIn, lettersIn, unsettledIn } from "./inbox-file.ts";
import { Keeper } from "./keeper.ts";
import { Ledger } from "./ledger.ts";
import { Limits } from "./limits.ts";
import { harmlessDeed, nuisance, type Step, storm } from "./plan.ts";
import { Waits } from "./waits.ts";
import { DEADLY, type Deed, HANGING, readAnswer, writeOrder } from "./words.ts";

export interface ChaosOptions {
  minutes: number;
  seed: number;
  /** Takes a line for each step. */
  tell?(line: string): void;
}

export interface Outcome {
  /** Broken promises. */
  faults: readonly string[];
  summary: Record<string, number>;
  /** Folder of the inbox, the server's log and the steps of the test; removed if there are no faults. */
  folder: string;
}

const CHATS = 500;
/** New messages in a second, on average. */
const RATE = 150;
const TICK = 20;
/** Most unanswered messages: with more, none are sent. */
const MOST_UNANSWERED = 4000;
/** Longest time without an answer in the end, in ms. A worker that has died often comes back after 10 s. */
const STILL = 30_000;

/** Longest time of each kind: ms. */
const PERIOD = 60_000;
/** A shorter time says nothing about 99 of 100 answers: ms. */
const MEASURABLE = 15_000;
/**
 * Longest wait of 99 of 100 answers to chats that nothing has befallen: ms. On a busy machine it is twice as long as the server's start:
 * a chat whose worker dies waits for the start of another.
 */
const MOST_WAIT = 1000;
/** With fewer answers than that in a whole period, the server stands still. */
const FEWEST_ANSWERS = 500;
/** Most chats whose application hangs. */
const MOST_HANGING = 12;
/** Begin of the reason of a dead letter whose cause may be a kill from outside. */
const KILLED = /^the process died \d+ times while it handled this event in quarantine/;

const FIRST_ID = 1_000_000_000;
/** More than the number of updates between two restarts of their ids. */
const ID_LEAP = 1_000_000;

const ON = { polls: POLLS, sends: SENDS, everything: EVERYTHING };
/** Updates with a valid id that cannot become events. */
const ABSURD = [{ message: null }, { message: 7 }, { message: "hello" }, { message: [] }, {}, { poll: true }];

export async function chaos(options: ChaosOptions): Promise<Outcome> {
  const limits = new Limits();
  const simulator = { ...BOUNDED, intercept: limited(limits) };
  const run = new Chaos(options, await FaultyApi.start({ seed: options.seed, simulator }), limits);
  try {
    await run.rage();
    await run.recover();
  } finally {
    await run.close();
  }
  return await run.outcome();
}

/** The simulator keeps little: the ledger has the account. */
const BOUNDED = { callLog: 0, historyPerChat: 2, firstUpdateId: FIRST_ID };

function limited(limits: Limits): Intercept {
  return async ({ method, parameters }, respond) => {
    if (method === "sendMessage" && limits.refuses(Number(parameters.chat_id))) throw tooManyRequests(1);
    return await respond();
  };
}

class Chaos {
  readonly #api: FaultyApi;
  readonly #ledger = new Ledger(() => `${this.#clock()}  `);
  readonly #limits: Limits;
  readonly #waits = new Waits();
  /** Chats whose application hangs until the calm. */
  readonly #hanging = new Set<number>();
  readonly #storm: Generator<Step, never>;
  readonly #nuisance: Generator<Step, never>;
  /** Length of each storm and each time of nuisances: ms. */
  readonly #period: number;
  readonly #load: Random;
  readonly #chance: Random;
  readonly #until: number;
  readonly #tell: (line: string) => void;
  readonly #folder = new Folder();
  readonly #inbox = this.#folder.join("inbox.sqlite");
  readonly #files = {
    uncertain: this.#folder.join("uncertain.txt"),
    calm: this.#folder.join("calm.txt"),
    clock: this.#folder.join("clock.txt"),
  };
  readonly #logFile = this.#folder.join("server.log");
  readonly #log = openSync(this.#logFile, "a");
  readonly #steps = openSync(this.#folder.join("steps.log"), "a");
  readonly #done = { restarts: 0, absurd: 0, retried: 0, slowest: 0 };
  readonly #began = performance.now();
  readonly #keeper: Keeper;
  #firstId = FIRST_ID;
  #lifting: NodeJS.Timeout | undefined;
  /** True while no messages are sent. */
  #isQuiet = false;

  constructor({ minutes, seed, tell = () => {} }: ChaosOptions, api: FaultyApi, limits: Limits) {
    const random = new Random(seed);
    this.#api = api;
    this.#limits = limits;
    this.#period = Math.min(PERIOD, (minutes * 60_000) / 2);
    this.#tell = (line) => {
      writeSync(this.#steps, `${this.#clock()}  ${line}\n`);
      tell(`${this.#clock()}  ${line}`);
    };
    this.#storm = storm(random.fork());
    this.#nuisance = nuisance(random.fork());
    this.#load = random.fork();
    this.#chance = random.fork();
    this.#until = performance.now() + minutes * 60_000;
    api.simulator.observe((event) => {
      if (event.by !== "bot" || event.type !== "message") return;
      const answer = readAnswer(event.message.text ?? "");
      if (answer === undefined) this.#ledger.complain(`chat ${event.chat_id} heard ${event.message.text}`);
      else {
        this.#ledger.heard(event.chat_id, answer);
        if (answer.part === answer.parts) this.#waits.answered(event.chat_id, answer.number);
      }
    });
    const complain = (fault: string) => this.#ledger.complain(fault);
    writeFileSync(this.#files.uncertain, "");
    writeFileSync(this.#files.clock, "0");
    this.#keeper = new Keeper({ api, inbox: this.#inbox, files: this.#files, log: this.#log, complain });
  }

  // ---- the storm ----

  async rage(): Promise<void> {
    const load = this.#pour();
    for (let isStorm = true; this.#isOn; isStorm = !isStorm) {
      const end = Math.min(this.#until, performance.now() + this.#period);
      if (isStorm) await this.#follow(this.#storm, end);
      else await this.#annoy(end);
    }
    await load;
  }

  async #follow(plan: Generator<Step, never>, end: number): Promise<void> {
    while (performance.now() < end && this.#isOn) {
      const step = plan.next().value;
      await delay(Math.min(step.pause, Math.max(0, end - performance.now())));
      await this.#do(step);
    }
  }

  /** Lets only some chats go wrong, and measures how long the others wait. */
  async #annoy(end: number): Promise<void> {
    this.#tell("nuisances");
    this.#api.heal();
    this.#limits.lift();
    // What other options do to chats is promised, and takes longer: a worker that is recycled hands over its events, for example.
    await this.#keeper.stop({ down: 0, options: ["--workers", "2"] });
    const started = performance.now();
    while (!this.#keeper.hasPolled && performance.now() < end) await delay(TICK);
    const most = Math.max(MOST_WAIT, 2 * (performance.now() - started));
    await this.#untilStormIsOver(end);
    const began = performance.now();
    this.#waits.begin();
    await this.#follow(this.#nuisance, end);
    this.#limits.lift();
    const { answers, p99 } = this.#waits.end();
    const { ordered, answered } = this.#ledger;
    this.#tell(
      `${answers} answers to chats that nothing has befallen, 99 of 100 within ${Math.round(p99)} ms; ` +
        `${ordered - answered} messages wait, ${this.#api.simulator.pending} of them at Telegram`,
    );
    if (performance.now() - began < MEASURABLE) return;
    this.#done.slowest = Math.max(this.#done.slowest, Math.round(p99));
    if (answers < FEWEST_ANSWERS) this.#ledger.complain(`only ${answers} answers to chats that nothing has befallen`);
    if (p99 > most)
      this.#ledger.complain(`99 of 100 of ${answers} answers to others took up to ${p99} ms, not ${most}`);
  }

  /** What the storm has left may hold up others: an endless loop does for as long as the stall timeout. */
  async #untilStormIsOver(end: number): Promise<void> {
    const started = performance.now();
    const waiting = () => this.#waits.chatsFromBefore(started).filter((chat) => !this.#hanging.has(chat));
    while (waiting().length > 0 && performance.now() < end) await delay(TICK);
    this.#tell(`what the storm left took ${Math.round(performance.now() - started)} ms`);
    if (end - started > PERIOD / 2 && waiting().length > 0)
      this.#ledger.complain(`chats ${waiting()} still wait for answers to messages of the storm`);
  }

  get #isOn(): boolean {
    return performance.now() < this.#until && !this.#keeper.isHopeless;
  }

  async #pour(): Promise<void> {
    for (let at = performance.now(); this.#isOn; at += TICK) {
      await delay(Math.max(0, at - performance.now()));
      const count = Math.floor(this.#load.next() * 2 * ((RATE * TICK) / 1000) + this.#load.next());
      const orders = Array.from({ length: count }, () => ({
        chat: this.#load.integer(1, CHATS),
        deed: harmlessDeed(this.#load),
      }));
      const unanswered = this.#ledger.ordered - this.#ledger.answered;
      if (unanswered < MOST_UNANSWERED && !this.#isQuiet) await this.#push(orders);
    }
  }

  async #do(step: Step): Promise<void> {
    const { pause, do: what, ...how } = step;
    this.#tell(`${what} ${JSON.stringify(how)}`);
    switch (step.do) {
      case "kill":
        return this.#keeper.kill(step);
      case "stop":
        return this.#keeper.stop(step);
      case "reload":
        return this.#keeper.reload();
      case "stop and kill":
        return this.#keeper.stopAndKill(step.after, step);
      case "say":
        return this.#trouble(
          Array.from({ length: step.chats }, (_, i) => ({
            chat: step.chats === CHATS ? i + 1 : this.#chance.integer(1, CHATS),
            deed: step.deed,
          })),
        );
      case "flood": {
        const chat = this.#chance.integer(1, CHATS);
        return this.#trouble(Array.from({ length: step.messages }, () => ({ chat, deed: step.deed })));
      }
      case "limit": {
        const { all = Number.POSITIVE_INFINITY, each = Number.POSITIVE_INFINITY } = step;
        Object.assign(this.#limits, { all, each });
        clearTimeout(this.#lifting);
        this.#lifting = setTimeout(() => this.#limits.lift(), step.for).unref();
        return;
      }
      case "stall log":
        return this.#keeper.stallLog(step.for);
      case "set the clock":
        return writeFileSync(this.#files.clock, `${step.by}`);
      case "absurd":
        return this.#pushAbsurd(step.which);
      case "restart ids":
        return this.#restartIds();
      case "fault": {
        const { fault, on, probability } = step;
        this.#api.schedule([{ from: 0, for: step.for, fault, on: ON[on], probability, endsInReset: true }]);
      }
    }
  }

  async #trouble(orders: { chat: number; deed: Deed }[]): Promise<void> {
    if (orders[0]!.deed === HANGING) {
      if (this.#hanging.size >= MOST_HANGING) return;
      this.#hanging.add(orders[0]!.chat);
    }
    for (const { chat } of orders) this.#waits.trouble(chat);
    await this.#push(orders);
  }

  async #push(orders: { chat: number; deed: Deed }[]): Promise<void> {
    const given = orders.map(({ chat, deed }) => ({ chat, order: this.#ledger.order(chat, deed) }));
    for (const { chat, order } of given) if (!isDeadly(order.deed)) this.#waits.asked(chat, order.number);
    const ids = await this.#api.simulator.pushMany(given.map(({ chat, order }) => message(chat, writeOrder(order))));
    for (const [i, { chat, order }] of given.entries()) this.#ledger.pushed(ids[i]!, chat, order);
  }

  async #pushAbsurd(which: number): Promise<void> {
    const absurd = ABSURD[which % ABSURD.length]!;
    const id = await this.#api.simulator.push(absurd);
    this.#done.absurd += 1;
    if (id === null) this.#ledger.complain("the simulator did not take an absurd update");
    else this.#ledger.deadly.set(id, JSON.stringify(absurd));
  }

  /** Restarts the ids of updates when the queue is empty; gives up after a second. */
  async #restartIds(): Promise<void> {
    const { simulator } = this.#api;
    this.#isQuiet = true;
    for (let i = 0; i < 100 && simulator.pending > 0; i++) await delay(10);
    if (simulator.pending === 0) {
      // Ids that are new in this run: the server drops updates with an id that it saw within two days.
      this.#firstId -= ID_LEAP;
      simulator.restartIds(this.#firstId);
      this.#done.restarts += 1;
    }
    this.#isQuiet = false;
  }

  // ---- the calm ----

  /** Ends all faults, waits for the answers, and checks the ledger and the inbox. */
  async recover(): Promise<void> {
    if (this.#keeper.isHopeless) return;
    this.#tell("calm");
    this.#api.heal();
    clearTimeout(this.#lifting);
    this.#limits.lift();
    writeFileSync(this.#files.calm, "");
    await this.#push(Array.from({ length: CHATS }, (_, i) => ({ chat: i + 1, deed: "work" })));
    await this.#untilAnswered();
    await this.#keeper.end();
    this.#ledger.close();
    const unsettled = unsettledIn(this.#inbox);
    if (unsettled > 0) this.#ledger.complain(`${unsettled} events are still in the inbox`);
    this.#ledger.buried(deadLettersIn(this.#inbox));
    this.#ledger.uncertain(readFileSync(this.#files.uncertain, "utf8").split("\n"));
    await this.#startOnceMore();
  }

  async #untilAnswered(): Promise<void> {
    let { answered } = this.#ledger;
    /** Counted in ticks: a busy machine makes each of them longer, and the server slower. */
    let still = 0;
    while (this.#ledger.answered < this.#ledger.ordered) {
      await delay(TICK);
      still += TICK;
      if (this.#ledger.answered > answered) {
        answered = this.#ledger.answered;
        still = 0;
      }
      const isInboxEmpty = still > 1000 && this.#api.simulator.pending === 0 && unsettledIn(this.#inbox) === 0;
      if (!isInboxEmpty && still < STILL) continue;
      if (isInboxEmpty && (await this.#retry())) {
        still = 0;
        continue;
      }
      // The ledger names them when it is closed.
      const why = isInboxEmpty ? "the inbox is empty" : `nothing has moved for ${STILL} ms`;
      return this.#ledger.complain(`${this.#ledger.ordered - answered} events are not answered, and ${why}`);
    }
  }

  /** Brings the events back that are dead letters because the process was killed from outside. @returns false if there are none */
  async #retry(): Promise<boolean> {
    const innocent = ({ update_id, reason }: StoredDeadLetter) =>
      !this.#ledger.deadly.has(update_id!) && KILLED.test(reason);
    const letters = lettersIn(this.#inbox).filter(innocent);
    if (letters.length === 0) return false;
    this.#tell(`retries ${letters.length} events that were in quarantine when the process was killed`);
    this.#ledger.retried(letters.map(({ update_id }) => update_id!));
    this.#done.retried += letters.length;
    const ids = letters.map(({ id }) => `${id}`);
    await using command = new Asgigram(["inbox", "retry", ...ids, "--inbox", this.#inbox]);
    const { code, stderr } = await command.exit();
    if (code !== 0) this.#ledger.complain(`asgigram inbox retry ended with ${code}: ${stderr}`);
    return code === 0;
  }

  /** Settled events do not come again. */
  async #startOnceMore(): Promise<void> {
    const { answered, duplicates } = this.#ledger;
    this.#keeper.startOnceMore();
    await eventually(
      () => this.#keeper.hasPolled,
      () => "a server that does not poll over a settled inbox",
    );
    await delay(300);
    if (this.#ledger.answered !== answered || this.#ledger.duplicates !== duplicates) {
      this.#ledger.complain("a start over a settled inbox delivered something");
    }
    await this.#keeper.end();
  }

  /** Ends the server and the Bot API. */
  async close(): Promise<void> {
    await this.#keeper.close();
    for (const { stack } of this.#api.errors.splice(0).slice(0, 5))
      this.#ledger.complain(`the Bot API of this test failed: ${stack}`);
    await this.#api.close();
    closeSync(this.#log);
    closeSync(this.#steps);
  }

  async outcome(): Promise<Outcome> {
    const workerDeaths = await this.#countInLog();
    const { faults, ordered, duplicates, repeats, deadly } = this.#ledger;
    const { absurd, restarts, retried, slowest } = this.#done;
    const { kills, stops, reloads } = this.#keeper;
    const struck = [...this.#api.struck.values()].reduce((sum, count) => sum + count, 0);
    if (faults.length === 0) this.#folder[Symbol.dispose]();
    return {
      faults,
      folder: this.#folder.path,
      summary: {
        seconds: Math.round((performance.now() - this.#began) / 1000),
        events: ordered + deadly.size,
        "kills (-9)": kills,
        "stops (SIGTERM)": stops,
        "reloads (SIGHUP)": reloads,
        "worker deaths": workerDeaths,
        "faults of the API": struck,
        "chats that hang": this.#hanging.size,
        "messages above a limit": this.#limits.refused,
        "99 of 100 others wait at most (ms)": slowest,
        "retried after kills": retried,
        "absurd updates": absurd,
        "restarts of ids": restarts,
        "dead letters": deadly.size,
        "uncertain calls made twice": duplicates,
        "repeats by the application": repeats,
      },
    };
  }

  async #countInLog(): Promise<number> {
    let workerDeaths = 0;
    for await (const line of createInterface({ input: createReadStream(this.#logFile) })) {
      if (line.includes('"msg":"a worker died')) workerDeaths += 1;
      if (line.includes(this.#api.token)) this.#ledger.complain("the token is in the log");
    }
    return workerDeaths;
  }

  #clock(): string {
    return `${((performance.now() - this.#began) / 1000).toFixed(1).padStart(6)} s`;
  }
}

function isDeadly(deed: Deed): boolean {
  return (DEADLY as readonly Deed[]).includes(deed);
}
