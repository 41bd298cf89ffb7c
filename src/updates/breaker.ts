/**
 * Holds events back while something is away that their application needs, such as a database, so that they do not become dead letters.
 *
 *   open -- most lines of the last seconds threw the same error --> shut -- an event that is tried is settled --> open
 *           shut -- the pause is over --> shut: one more event is tried, and the next pause is twice as long
 *
 * While it is shut, no event is posted, and an event that throws waits in its worker, at the head of its line. In turns, an event that
 * threw is tried, and one of a line that has none at its worker: where some events alone throw, and always do, the others soon go on.
 */

import { Outcomes, signatureOf } from "./outcomes.ts";

export interface BreakerOptions<Thrown> {
  /** The breaker is shut: no event is to be posted. */
  hold(): void;
  /** The breaker is open: events are posted as ever. */
  resume(): void;
  /** Posts one event although events are held, of a line that has none at its worker. @returns its number; undefined without one */
  postOne(): number | undefined;
  /** The worker tries the event again now. @returns false if it does not have the event any more */
  tryAgain(thrown: Thrown): boolean;
  log: {
    error(fields: { error: string }, message: string): void;
    info(fields: { seconds: number }, message: string): void;
  };
  /** A clock that does not step: ms. */
  now?(): number;
  /** Calls `done` after so many milliseconds. @returns cancels the wait */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** An event that threw. */
export interface ThrownEvent {
  readonly seq: number;
  /** Its line. */
  readonly scope: string;
}

/** Why, and since when, events are held. */
export interface HoldCause {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly error: string;
}

/** Pauses between trials: ms. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 10_000;

export class Breaker<Thrown extends ThrownEvent> {
  readonly #options: BreakerOptions<Thrown>;
  readonly #now: () => number;
  readonly #wait: NonNullable<BreakerOptions<Thrown>["wait"]>;
  readonly #outcomes = new Outcomes();
  /** Events that threw while it was shut; the one that waits longest first. */
  readonly #thrown: Thrown[] = [];
  /** Events that are being tried. One that takes longer than the pause does not hold up the next. */
  readonly #tried = new Set<number>();
  #holding: HoldCause | undefined;
  #pause = FIRST_PAUSE;
  /** The event that was tried last had thrown before: the next one has not, if there is such. */
  #isNewNext = false;
  #stop: () => void = () => {};

  constructor(options: BreakerOptions<Thrown>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#wait = options.wait ?? waitWithTimer;
  }

  /** Undefined while it is open. */
  get holding(): HoldCause | undefined {
    return this.#holding;
  }

  /** True if settled() has an effect. */
  get isWatching(): boolean {
    return this.#holding !== undefined || !this.#outcomes.isEmpty;
  }

  /** The application threw at an event, which can be tried again. @returns true if the event is held */
  threw(event: Thrown, error: string): boolean {
    this.failed(event.scope, error);
    if (this.#holding === undefined) return false;
    this.#tried.delete(event.seq);
    this.#thrown.push(event);
    return true;
  }

  /** Work at an event of the line failed. */
  failed(line: string, error: string): void {
    if (this.#holding !== undefined) return;
    const same = signatureOf(error);
    if (this.#outcomes.threw(line, same, this.#now())) this.#shut(same);
  }

  settled({ seq, scope }: ThrownEvent): void {
    if (this.#holding === undefined) this.#outcomes.settled(scope, this.#now());
    else if (this.#tried.has(seq)) this.#open(this.#holding);
  }

  /** Tries nothing from now on. */
  close(): void {
    this.#stop();
  }

  #shut(error: string): void {
    const { hold, log } = this.#options;
    this.#holding = { since: Date.now(), error };
    this.#outcomes.clear();
    this.#pause = FIRST_PAUSE;
    this.#isNewNext = false;
    hold();
    log.error(
      { error },
      "most chats' events throw the same error: all events are held, and tried one by one, until one passes",
    );
    this.#stop = this.#wait(this.#pause, this.#try);
  }

  readonly #try = (): void => {
    const { postOne } = this.#options;
    const untried = this.#isNewNext ? postOne() : undefined;
    const thrown = untried === undefined ? this.#tryOneAgain() : undefined;
    this.#isNewNext = thrown !== undefined;
    const seq = untried ?? thrown ?? postOne();
    if (seq !== undefined) this.#tried.add(seq);
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
    this.#stop = this.#wait(this.#pause, this.#try);
  };

  #tryOneAgain(): number | undefined {
    for (let event = this.#thrown.shift(); event !== undefined; event = this.#thrown.shift()) {
      if (this.#options.tryAgain(event)) return event.seq;
    }
    return undefined;
  }

  #open({ since }: HoldCause): void {
    const { tryAgain, resume, log } = this.#options;
    this.#stop();
    this.#holding = undefined;
    this.#tried.clear();
    for (const event of this.#thrown.splice(0)) tryAgain(event);
    resume();
    log.info({ seconds: Math.round((Date.now() - since) / 1000) }, "an event has passed: events are held no longer");
  }
}

function waitWithTimer(milliseconds: number, done: () => void): () => void {
  const timer = setTimeout(done, milliseconds).unref();
  return () => clearTimeout(timer);
}
