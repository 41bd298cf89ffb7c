/**
 * Many people who write to the bot at once, and how long it takes to answer them: how one sees a bot under load. Each writes in a
 * private chat of their own. The time of an answer is that from a message to the bot's first message in that chat after it.
 */

import type { ChatEvent, Journal } from "../state/journal.ts";
import { clearTimeout, now, setTimeout } from "../state/real-time.ts";

export interface FloodOptions {
  people: number;
  /** Messages a second, of all together. */
  rate: number;
  /** Length in seconds. */
  seconds: number;
}

/** The figures of one second. */
export interface FloodSecond {
  readonly second: number;
  readonly sent: number;
  readonly answered: number;
  /** Messages without an answer so far. */
  readonly waiting: number;
  /** Of the answers of that second: milliseconds. Undefined without any. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export interface FloodPlaces {
  journal: Journal;
  /** Has the person of that number, from 0, write; gives the chat. */
  write: (person: number) => number;
}

/** Pause between two portions of messages: ms. */
const TICK = 20;
const SECOND = 1000;
/** Time after the last message in which answers still count: ms. */
const PATIENCE = 30_000;

export class Flood {
  readonly seconds: FloodSecond[] = [];
  readonly #options: FloodOptions;
  readonly #places: FloodPlaces;
  readonly #tell: (second: FloodSecond) => void;
  readonly #began = now();
  readonly #stopObserving: () => void;
  /** Times of messages without an answer, by chat, the oldest first. */
  readonly #open = new Map<number, number[]>();
  #timer: NodeJS.Timeout | undefined;
  #written = 0;
  #sent = 0;
  #waits: number[] = [];

  /** Begins at once. @param tell takes each second */
  constructor(options: FloodOptions, places: FloodPlaces, tell: (second: FloodSecond) => void) {
    this.#options = options;
    this.#places = places;
    this.#tell = tell;
    this.#stopObserving = places.journal.observe((event) => this.#heard(event));
    this.#tick();
  }

  get isOver(): boolean {
    return this.#timer === undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopObserving();
  }

  /** Writes what is due by the clock: a late tick makes up for itself. */
  #tick(): void {
    const { people, rate, seconds } = this.#options;
    const passed = now() - this.#began;
    const due = Math.floor((Math.min(passed, seconds * SECOND) / SECOND) * rate);
    for (; this.#written < due; this.#written++) {
      const chat = this.#places.write(this.#written % people);
      const open = this.#open.get(chat);
      if (open === undefined) this.#open.set(chat, [now()]);
      else open.push(now());
      this.#sent += 1;
    }
    if (Math.floor(passed / SECOND) > this.seconds.length) this.#endSecond();
    const isOver = passed > seconds * SECOND && (this.#open.size === 0 || passed > seconds * SECOND + PATIENCE);
    if (!isOver) {
      this.#timer = setTimeout(() => this.#tick(), TICK);
      return;
    }
    this.#endSecond();
    this.stop();
  }

  #heard(event: ChatEvent): void {
    if (event.by !== "bot" || event.type !== "message") return;
    const open = this.#open.get(event.chat_id);
    if (open === undefined) return;
    this.#waits.push(now() - open.shift()!);
    if (open.length === 0) this.#open.delete(event.chat_id);
  }

  #endSecond(): void {
    const sorted = this.#waits.toSorted((one, other) => one - other);
    const share = (part: number) => sorted[Math.ceil(sorted.length * part) - 1];
    const waiting = [...this.#open.values()].reduce((sum, { length }) => sum + length, 0);
    const second = { second: this.seconds.length + 1, sent: this.#sent, answered: sorted.length, waiting };
    this.seconds.push({ ...second, p50: share(0.5), p99: share(0.99) });
    this.#sent = 0;
    this.#waits = [];
    this.#tell(this.seconds.at(-1)!);
  }
}
