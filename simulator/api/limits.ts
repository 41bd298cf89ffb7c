/**
 * Telegram's limits of messages: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 *
 * A chat takes one message a second, but a short burst of them; a group 20 a minute; the bot sends 30 a second. Telegram does not say
 * how long a burst is: here it is five messages.
 */

import type { Chat } from "@grammyjs/types";
import { tooManyRequests } from "./refusal.ts";

const CHAT = { burst: 5, refill: 1 };
const BOT = { burst: 30, refill: 30 };
/** With `allow_paid_broadcast`: https://core.telegram.org/bots/features#paid-broadcasts */
const PAID = { burst: 1000, refill: 1000 };
const GROUP = { most: 20, seconds: 60 };

/** More chats than that are looked through for those that are as good as new. */
const MOST_CHATS = 10_000;

/** Counts messages, and says how long the next ones have to wait. */
interface Limit {
  /** Seconds until so many messages may go; 0 or less if they may go now. */
  wait(count: number, now: number): number;
  take(count: number, now: number): void;
  /** True if the limit is as good as a new one. */
  isFresh(now: number): boolean;
}

export class Limits {
  readonly #now: () => number;
  readonly #chats = new Map<number, Limit[]>();
  readonly #bot = new Bucket(BOT);
  readonly #paid = new Bucket(PAID);

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts messages to a chat: all of them, or none if one would be too many. @throws Refusal (429) */
  take(chat: Chat, count: number, isPaid: boolean): void {
    const now = this.#now();
    const limits = [...this.#limitsOf(chat, now), isPaid ? this.#paid : this.#bot];
    const wait = Math.max(...limits.map((limit) => limit.wait(count, now)));
    if (wait > 0) throw tooManyRequests(Math.ceil(wait));
    for (const limit of limits) limit.take(count, now);
  }

  #limitsOf({ id, type }: Chat, now: number): Limit[] {
    const known = this.#chats.get(id);
    if (known !== undefined) return known;
    if (this.#chats.size >= MOST_CHATS) {
      for (const [other, limits] of this.#chats) {
        if (limits.every((limit) => limit.isFresh(now))) this.#chats.delete(other);
      }
    }
    const limits = type === "private" ? [new Bucket(CHAT)] : [new Bucket(CHAT), new Window(GROUP)];
    this.#chats.set(id, limits);
    return limits;
  }
}

/** A bucket that is refilled at a steady rate, in messages a second. An album that is larger than the bucket needs a full one. */
class Bucket implements Limit {
  readonly #burst: number;
  readonly #refill: number;
  #level: number;
  #filled = 0;

  constructor({ burst, refill }: { burst: number; refill: number }) {
    this.#burst = burst;
    this.#refill = refill;
    this.#level = burst;
  }

  wait(count: number, now: number): number {
    return (Math.min(count, this.#burst) - this.#levelAt(now)) / this.#refill;
  }

  take(count: number, now: number): void {
    this.#level = this.#levelAt(now) - count;
    this.#filled = now;
  }

  isFresh(now: number): boolean {
    return this.#levelAt(now) === this.#burst;
  }

  #levelAt(now: number): number {
    return Math.min(this.#burst, this.#level + ((now - this.#filled) / 1000) * this.#refill);
  }
}

/** The messages of the last seconds. */
class Window implements Limit {
  readonly #most: number;
  readonly #length: number;
  /** Milliseconds since 1970, ascending. */
  #times: number[] = [];

  constructor({ most, seconds }: { most: number; seconds: number }) {
    this.#most = most;
    this.#length = seconds * 1000;
  }

  wait(count: number, now: number): number {
    const times = this.#timesAt(now);
    const tooMany = times.length + Math.min(count, this.#most) - this.#most;
    return tooMany <= 0 ? 0 : (times[tooMany - 1]! + this.#length - now) / 1000;
  }

  take(count: number, now: number): void {
    this.#times = [...this.#timesAt(now), ...Array<number>(count).fill(now)];
  }

  isFresh(now: number): boolean {
    return this.#timesAt(now).length === 0;
  }

  #timesAt(now: number): number[] {
    return this.#times.filter((time) => time > now - this.#length);
  }
}
