/**
 * The events that one worker has, and the lines that wait for it. Lines take turns. Suspects go before anything else, and alone, so
 * that a death while one is at hand has one cause; after some time with suspects each line that waits gets a turn. Events that are at work for
 * long do not hold up others for ever:
 *
 *   at hand -- share() --> suspects go on beside it
 *   a suspect -- share() --> other events go on beside it, but no suspects -- makeWay() --> suspects, too; it is none any more
 *
 * A suspect that will hold up others for less time waits for no longer than share().
 *
 * An event that is to be tried again later waits in the worker, and with it the events of its line. They take no room there.
 *
 * Few events are on their way to the worker at a time. The others wait in their lines, where they cost least: what a worker has
 * taken becomes instances, calls and connections.
 */

import { doublings } from "./blame.ts";
import type { Held, Line } from "./line.ts";

/** Events that one worker may have at once, besides those that are kept. */
const MOST_AT_HAND = 1000;
/** Of these, events that the worker has not taken. It takes all that have come before it begins one, so it gets more meanwhile. */
const MOST_ON_THEIR_WAY = 32;

/** Events besides, of lines that wait for another attempt. */
const MOST_RESTING = 10_000;

const NONE: readonly Held[] = [];

/**
 * Time with suspects after which other lines get a turn: ms. A turn after each suspect would make some hundred suspects, which a kill leaves,
 * wait for a slow event each.
 */
export const SUSPECTS_TURN = 250;

export class WorkerQueue {
  readonly number: number;
  readonly #now: () => number;
  /** True if the worker can take events. */
  isOpen = false;
  readonly #posted = new Map<number, Held>();
  /** Posted events that the worker has not taken. */
  readonly #onTheirWay = new Set<Held>();
  /** Posted events at which the application has open work, although it went on. They count in no window. */
  readonly #kept = new Set<Held>();
  /** Posted events that have not killed the worker so far: suspects go on beside them. */
  readonly #survivors = new Set<Held>();
  /** Posted events of lines that wait for another attempt: nothing is at work at them. */
  readonly #resting = new Set<Held>();
  /** Posted events that were told of by obstacles(). */
  readonly #told = new Set<Held>();
  /** Lines whose next event may be posted when the worker has room. */
  readonly #ready = new Set<Line>();
  /** Of these, lines whose next event is a suspect. */
  readonly #suspected = new Set<Line>();
  /** Lines that get a turn before the next suspect. Undefined once the suspects' turn is over: they are those that wait at the next look. */
  #guests: Set<Line> | undefined = new Set();
  /** Time at which the suspects' turn began. Undefined from its end to the next suspect. */
  #suspectsSince: number | undefined;
  /** The suspect at hand. No other suspect is. */
  #suspect: Held | undefined;
  /** Events that are no suspects go on beside it. */
  #isShared = false;

  /** @param now a clock in ms */
  constructor(number: number, now: () => number) {
    this.number = number;
    this.#now = now;
  }

  /** Number of events that the worker has. */
  get size(): number {
    return this.#posted.size;
  }

  /** The suspect at hand, until it is over or cleared. */
  get suspect(): Held | undefined {
    return this.#suspect;
  }

  /** True if the suspect at hand is not alone. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Number of lines that wait, whose next event is a suspect. */
  get suspected(): number {
    return this.#suspected.size;
  }

  /** True if a line waits whose next event may be posted. In quarantine a suspect may stand behind that event. */
  get isWaitedFor(): boolean {
    return this.#suspected.size > 0 || [...this.#ready].some(({ isReady }) => isReady);
  }

  get(seq: number): Held | undefined {
    return this.#posted.get(seq);
  }

  /** Events that the worker has, in the order of their numbers. */
  get held(): Held[] {
    return [...this.#posted.values()].sort((one, other) => one.arrival.seq - other.arrival.seq);
  }

  /** Puts the line behind the others, if its next event may be posted. */
  add(line: Line): void {
    if (!line.isReady) return;
    this.#ready.add(line);
    if (line.waiting.first!.isSuspect) this.#suspected.add(line);
  }

  /** Takes the line out. */
  remove(line: Line): void {
    this.#ready.delete(line);
    this.#suspected.delete(line);
  }

  /** Takes the next event, which the worker then has: the next suspect, or one of each line in turn while there is room. */
  next(): Held | undefined {
    const atHand = this.#posted.size - this.#kept.size - this.#survivors.size - this.#resting.size;
    if (!this.isOpen || atHand >= MOST_AT_HAND || (this.#suspect !== undefined && !this.#isShared)) return undefined;
    if (this.#onTheirWay.size >= MOST_ON_THEIR_WAY) return undefined;
    if (this.#suspected.size > 0 && this.#suspect === undefined) {
      this.#guests ??= new Set(this.#ready);
      for (const line of this.#guests) {
        this.#guests.delete(line);
        if (this.#ready.has(line) && !this.#suspected.has(line) && line.isReady) return this.#take(line);
      }
      if (atHand > 0) return undefined;
      this.#suspectsSince ??= this.#now();
      this.#suspect = this.#take(this.#leastSuspected);
      return this.#suspect;
    }
    for (const line of this.#ready) {
      if (this.#suspected.has(line)) continue;
      if (line.isReady) return this.#take(line);
      this.#ready.delete(line);
    }
    return undefined;
  }

  /** Takes the next event of a line of which the worker has none; no suspect. */
  nextOfIdleLine(): Held | undefined {
    if (!this.isOpen || this.#suspect !== undefined) return undefined;
    for (const line of this.#ready) {
      if (line.isReady && line.posted === 0 && !line.waiting.first!.isSuspect) return this.#take(line);
    }
    return undefined;
  }

  /** The worker has taken these events: others may be on their way. */
  taken(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const held = this.#posted.get(seq);
      if (held !== undefined) this.#onTheirWay.delete(held);
    }
  }

  /** The application goes on, while it has open work at the event. @returns false if that is known, and its line did not wait for it */
  keep(held: Held): boolean {
    const wasWaitedFor = held.line.resting === held;
    this.#endRest(held);
    if (this.#kept.has(held)) return wasWaitedFor;
    this.#kept.add(held);
    this.#survivors.delete(held);
    held.line.posted -= 1;
    held.line.kept += 1;
    // An application that asks for more has survived it.
    held.arrival.isSuspect = false;
    held.arrival.guess = undefined;
    if (this.#suspect === held) this.#endSuspect();
    return true;
  }

  /**
   * The events that hold up others, each once and from the time on that the worker takes it: the suspect at hand, or those at hand while a
   * suspect waits. A worker that is blocked takes none, so none has survived it.
   */
  obstacles(): readonly Held[] {
    if (this.#suspect === undefined && this.#suspected.size === 0) return NONE;
    const all =
      this.#suspect === undefined ? [...this.#posted.values()].filter((held) => this.#isAtHand(held)) : [this.#suspect];
    const isNew = (held: Held) => !this.#told.has(held) && !this.#onTheirWay.has(held);
    const obstacles = this.#hasOthers ? all.filter(isNew) : [];
    for (const held of obstacles) this.#told.add(held);
    return obstacles;
  }

  /** The event is at work, and has not killed the worker so far. */
  share(held: Held): void {
    if (this.#onTheirWay.has(held)) return;
    if (this.#suspect === held) this.#isShared = true;
    else if (this.#isAtHand(held)) this.#survivors.add(held);
  }

  /** The event is to be tried again later: nothing of its line is posted before it is over. */
  rest(held: Held): void {
    const { line } = held;
    if (line.resting !== undefined || held === this.#suspect || this.#resting.size >= MOST_RESTING) return;
    line.resting = held;
    for (const one of this.#posted.values())
      if (one.line === line && one !== this.#suspect && this.#isAtHand(one)) this.#resting.add(one);
  }

  /** The suspect at hand, if it is to make way for one that will hold up others for less time. */
  get tooSlow(): Held | undefined {
    if (this.#suspect === undefined || !this.#isShared || this.#suspected.size === 0) return undefined;
    const { arrival } = this.#suspect;
    return nextDoublings(this.#leastSuspected) < doublings(arrival, arrival.attempts) ? this.#suspect : undefined;
  }

  /** The suspect at hand has been at work for long, and is none any more if another one waits. @returns false if it stays a suspect */
  makeWay(held: Held): boolean {
    this.#told.delete(held);
    if (this.#suspect !== held || this.#suspected.size === 0 || this.#onTheirWay.has(held)) return false;
    this.#survivors.add(held);
    held.arrival.isSuspect = false;
    held.arrival.guess = undefined;
    this.#endSuspect();
    return true;
  }

  /** The worker does not have the event any more. */
  release(held: Held): void {
    this.#endRest(held);
    this.#posted.delete(held.arrival.seq);
    this.#onTheirWay.delete(held);
    this.#survivors.delete(held);
    this.#told.delete(held);
    if (this.#kept.delete(held)) held.line.kept -= 1;
    else held.line.posted -= 1;
    if (this.#suspect === held) this.#endSuspect();
  }

  /** The worker is gone. @returns the events that it had, in order */
  close(): Held[] {
    this.isOpen = false;
    const { held } = this;
    for (const { line } of this.#resting) line.resting = undefined;
    this.#resting.clear();
    for (const one of held) this.release(one);
    this.#guests = new Set();
    return held;
  }

  #isAtHand(held: Held): boolean {
    const isIdle = this.#kept.has(held) || this.#survivors.has(held) || this.#resting.has(held);
    return this.#posted.has(held.arrival.seq) && !isIdle;
  }

  /** The event waits for no other attempt, and the other events of its line are at hand again if it was the one to be tried. */
  #endRest(held: Held): void {
    const { line } = held;
    this.#resting.delete(held);
    if (line.resting !== held) return;
    line.resting = undefined;
    for (const one of this.#resting) if (one.line === line) this.#resting.delete(one);
  }

  /** True if a line waits, besides that of the suspect at hand. */
  get #hasOthers(): boolean {
    return [...this.#ready].some((line) => line !== this.#suspect?.line && line.isReady);
  }

  /** The suspect is at hand no more, or is cleared. */
  #endSuspect(): void {
    this.#suspect = undefined;
    this.#isShared = false;
    if (this.#suspectsSince === undefined || this.#now() - this.#suspectsSince < SUSPECTS_TURN) return;
    this.#suspectsSince = undefined;
    this.#guests = undefined;
  }

  /** The line whose next event holds up others for the least time. Of these the one with the fewest deaths, which is the least likely to cause another. */
  get #leastSuspected(): Line {
    const deaths = ({ waiting }: Line) => waiting.first!.deaths;
    const compare = (one: Line, other: Line) =>
      nextDoublings(one) - nextDoublings(other) || deaths(one) - deaths(other);
    return [...this.#suspected].reduce((least, line) => (compare(line, least) < 0 ? line : least));
  }

  #take(line: Line): Held {
    this.remove(line);
    const held = { arrival: line.waiting.shift()!, line };
    line.posted += 1;
    this.#posted.set(held.arrival.seq, held);
    this.#onTheirWay.add(held);
    this.add(line);
    return held;
  }
}

function nextDoublings({ waiting }: Line): number {
  const { first } = waiting;
  return doublings(first!, first!.attempts + 1);
}
