/** The real outbox and limiter, in virtual time, in front of a simulated Telegram with limits. */

import { TelegramError } from "../../../src/protocol/errors.ts";
import type { Answer, Call } from "../../../src/protocol/port.ts";
import { Limiter } from "../../../src/sends/limiter.ts";
import { Outbox } from "../../../src/sends/outbox.ts";
import { judgeCall } from "../../../src/telegram/retry.ts";
import type { RateLimit } from "./rate-limits.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface SimulationOptions {
  seed?: number;
  /** Of all chats together. */
  limit?: RateLimit;
  /** A chat's own limit. */
  limitOf?(chat: string): RateLimit | undefined;
  /** `retry_after` of a refusal; the time until a call would be allowed: ms. */
  retryAfter?(wait: number, chat: string): number | undefined;
}

export const honest = (wait: number): number => Math.max(1, Math.ceil(wait / 1000));

const OK = '{"ok":true,"result":true}';
/** Half of the time from a call to its answer: ms. */
const [FASTEST, SLOWEST] = [20, 40];

/** What became of the calls to some chats. */
export class Tally {
  /** Times of the calls that succeeded. */
  readonly times: number[] = [];
  /** Times from the call to its answer. */
  readonly latencies: number[] = [];
  /** Successes by chat. */
  readonly chats = new Map<string, number>();
  /** Bodies by chat, in the order of their success. */

  /** Successes in a second. */
  rate(from: number, to: number): number {
    return this.times.filter((time) => time >= from && time < to).length / ((to - from) / 1000);
  }

  percentile(part: number): number {
    return this.latencies.toSorted((a, b) => a - b)[Math.floor(part * (this.latencies.length - 1))] ?? Number.NaN;
  }

  /** Jain's index of fairness: 1 if all chats got the same. */
  get jain(): number {
    const shares = [...this.chats.values()];
    const sum = shares.reduce((one, other) => one + other, 0);
    return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
  }
}

export class Simulation {
  readonly time = new VirtualTime();
  readonly limiter = new Limiter({ now: this.time.now });
  refusals: number[] = [];
  readonly #options: SimulationOptions;
  readonly #random: () => number;
  readonly #limits = new Map<string, RateLimit | undefined>();
  readonly #outbox: Outbox;
  #count = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed ?? 1);
    const { now, wait } = this.time;
    this.#outbox = new Outbox({
      request: (call) => this.#request(call),
      judge: judgeCall,
      limiter: this.limiter,
      // A real timer is never early, and seldom in time.
      wait: (milliseconds, done) => wait(Math.ceil(milliseconds) + this.#random(), done),
    });
    void now;
  }

  /** Chats that have always a call in their lane. */
  saturate(chats: readonly string[], isBulk = false): Tally {
    const tally = new Tally();
    for (const chat of chats) {
      tally.chats.set(chat, 0);
      const again = (): void => this.#send(chat, isBulk, tally, again);
      this.time.wait(this.#random() * 50, again);
    }
    return tally;
  }

  /** Calls that come at random times to chats at random, so many in a second. */
  trickle(chats: readonly string[], rate: number, isBulk = false): Tally {
    const tally = new Tally();
    for (const chat of chats) tally.chats.set(chat, 0);
    const next = (): void => {
      this.#send(chats[Math.floor(this.#random() * chats.length)]!, isBulk, tally, () => {});
      this.time.wait((-Math.log(1 - this.#random()) * 1000) / rate, next);
    };
    this.time.wait(0, next);
    return tally;
  }

  /** One call to each chat, all at once. */
  broadcast(chats: readonly string[], isBulk = true): Tally {
    const tally = new Tally();
    for (const chat of chats) this.#post(chat, isBulk, tally, () => {});
    this.#outbox.takeTurn()();
    return tally;
  }

  #send(chat: string, isBulk: boolean, tally: Tally, over: () => void): void {
    this.#post(chat, isBulk, tally, over);
    this.#outbox.takeTurn()();
  }

  #post(chat: string, isBulk: boolean, tally: Tally, over: () => void): void {
    const { now } = this.time;
    const posted = now();
    this.#outbox.post({
      call: { method: "sendMessage", lane: chat, body: `${this.#count++}` },
      isBulk,
      succeeded: () => {
        tally.times.push(now());
        tally.latencies.push(now() - posted);
        tally.chats.set(chat, (tally.chats.get(chat) ?? 0) + 1);
        over();
      },
      failed: (error) => {
        throw error;
      },
    });
  }

  #request({ lane }: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#travel(() => {
      const wait = this.#refusal(lane!);
      this.#travel(() => {
        if (wait === 0) return resolve(OK);
        this.refusals.push(this.time.now());
        const told = (this.#options.retryAfter ?? honest)(wait, lane!);
        reject(new TelegramError("sendMessage", 429, "Too Many", told === undefined ? {} : { retry_after: told }));
      });
    });
    return promise;
  }

  #refusal(chat: string): number {
    const { limit, limitOf } = this.#options;
    const now = this.time.now();
    if (!this.#limits.has(chat)) this.#limits.set(chat, limitOf?.(chat));
    return this.#limits.get(chat)?.take(now) || limit?.take(now) || 0;
  }

  #travel(arrived: () => void): void {
    this.time.wait(FASTEST + this.#random() * (SLOWEST - FASTEST), arrived);
  }
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
