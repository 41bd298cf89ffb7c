/** The real outbox and limiter, in virtual time, in front of a simulated Telegram with limits. */

import assert from "node:assert/strict";
import { TelegramError } from "../../../src/protocol/errors.ts";
import type { Answer, Call } from "../../../src/protocol/port.ts";
import { Limiter } from "../../../src/sends/limiter.ts";
import { Outbox } from "../../../src/sends/outbox.ts";
import { judgeCall } from "../../../src/telegram/retry.ts";
import { Random } from "../../faults/random.ts";
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

/** A call that succeeded. */
interface Success {
  readonly chat: string;
  readonly at: number;
  /** Time from the call to its answer: ms. */
  readonly latency: number;
}

/** Calls to some chats, and those that succeeded. All times are seconds of the simulation. */
export class Tally {
  readonly #chats: readonly string[];
  readonly #successes: Success[] = [];

  constructor(chats: readonly string[]) {
    this.#chats = chats;
  }

  add(success: Success): void {
    this.#successes.push(success);
  }

  /** Successes in a second. */
  rate(from: number, to: number): number {
    return this.#within(from, to).length / (to - from);
  }

  /** Milliseconds within which that part of the calls was answered. */
  percentile(part: number): number {
    const latencies = this.#successes.map(({ latency }) => latency).toSorted((a, b) => a - b);
    return latencies[Math.ceil(part * latencies.length) - 1] ?? Number.NaN;
  }

  /** Jain's index of fairness: 1 if all chats got the same. */
  jain(from: number, to: number): number {
    const shares = new Map(this.#chats.map((chat) => [chat, 0]));
    for (const { chat } of this.#within(from, to)) shares.set(chat, shares.get(chat)! + 1);
    const squares = [...shares.values()].reduce((sum, share) => sum + share ** 2, 0);
    return this.#within(from, to).length ** 2 / (shares.size * squares);
  }

  #within(from: number, to: number): readonly Success[] {
    return this.#successes.filter(({ at }) => at >= from * 1000 && at < to * 1000);
  }
}

export class Simulation {
  readonly #time = new VirtualTime();
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #limits = new Map<string, RateLimit | undefined>();
  readonly #outbox: Outbox;
  /** Times of the refusals: ms. */
  readonly #refusals: number[] = [];
  /** The number of the call that is under way, and of the latest that was, by chat. */
  readonly #underWay = new Map<string, number>();
  readonly #latest = new Map<string, number>();
  #count = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed ?? 1);
    this.#outbox = new Outbox({
      request: (call) => this.#request(call),
      judge: judgeCall,
      limiter: new Limiter({ now: this.#time.now }),
      // A real timer is never early, and seldom in time.
      wait: (milliseconds, done) => this.#time.wait(Math.ceil(milliseconds) + this.#random.next(), done),
    });
  }

  /** Runs until then: seconds from the beginning. */
  async runUntil(second: number): Promise<void> {
    await this.#time.runUntil(second * 1000);
  }

  /** Refusals in a second. */
  refusals(from: number, to: number): number {
    return this.#refusals.filter((at) => at >= from * 1000 && at < to * 1000).length / (to - from);
  }

  /** Chats that always have a call in their lane. */
  saturate(chats: readonly string[]): Tally {
    const tally = new Tally(chats);
    for (const chat of chats) {
      const again = (): void => this.#send(chat, tally, false, again);
      this.#time.wait(this.#random.next() * 50, again);
    }
    return tally;
  }

  /** Calls that come at random times to chats at random, so many in a second. */
  trickle(chats: readonly string[], rate: number): Tally {
    const tally = new Tally(chats);
    const next = (): void => {
      this.#send(this.#random.pick(chats), tally, false);
      this.#time.wait((-Math.log(1 - this.#random.next()) * 1000) / rate, next);
    };
    this.#time.wait(0, next);
    return tally;
  }

  /** A call of bulk to each chat, all at once. */
  broadcast(chats: readonly string[]): Tally {
    const tally = new Tally(chats);
    for (const chat of chats) this.#post(chat, tally, true);
    this.#outbox.takeTurn()();
    return tally;
  }

  #send(chat: string, tally: Tally, isBulk: boolean, over?: () => void): void {
    this.#post(chat, tally, isBulk, over);
    this.#outbox.takeTurn()();
  }

  #post(chat: string, tally: Tally, isBulk: boolean, over = (): void => {}): void {
    const posted = this.#time.now();
    this.#outbox.post({
      call: { method: "sendMessage", lane: chat, body: `${this.#count++}` },
      isBulk,
      succeeded: () => {
        const at = this.#time.now();
        tally.add({ chat, at, latency: at - posted });
        over();
      },
      failed: assert.ifError,
    });
  }

  /** A call on its way to Telegram and back. Of each chat one at most is under way, and they come in their order. */
  #request({ lane, body }: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const [chat, number] = [lane!, Number(body)];
    assert.ok(!this.#underWay.has(chat) && number >= (this.#latest.get(chat) ?? 0), `${chat}: call ${number}`);
    this.#underWay.set(chat, number);
    this.#latest.set(chat, number);
    this.#travel(() => {
      const wait = this.#refusal(chat);
      this.#travel(() => {
        this.#underWay.delete(chat);
        this.#time.settled();
        if (wait === 0) return resolve(OK);
        this.#refusals.push(this.#time.now());
        const retry_after = (this.#options.retryAfter ?? honest)(wait, chat);
        reject(new TelegramError("sendMessage", 429, "Too Many", retry_after === undefined ? {} : { retry_after }));
      });
    });
    return promise;
  }

  #refusal(chat: string): number {
    const { limit, limitOf } = this.#options;
    const now = this.#time.now();
    if (!this.#limits.has(chat)) this.#limits.set(chat, limitOf?.(chat));
    return this.#limits.get(chat)?.take(now) || limit?.take(now) || 0;
  }

  #travel(arrived: () => void): void {
    this.#time.wait(FASTEST + this.#random.next() * (SLOWEST - FASTEST), arrived);
  }
}
