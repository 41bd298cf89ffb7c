/**
 * The source of updates of one of several machines. Only the one that is elected receives:
 *
 *   waiting -- elected --> receiving, by a new source -- deposed, or not certain any more --> waiting
 *                          receiving -- Telegram does not answer for long --> it gives up the election, if others live
 *                          receiving -- 409 for a minute, by another process --> the server ends, as on one machine
 *
 * A source is made anew each time: one that has not polled for long has an offset that may be of other ids.
 */

import type { Election, SourceState, UpdateSource } from "../protocol/update-source.ts";

export interface ElectedSourceOptions {
  readonly election: Election;
  create(): UpdateSource;
  log: { info(fields: object, message: string): void };
}

/** Failed requests after which another machine is let try. */
const FAILURES = 5;
/** Pause between two looks at the source: ms. */
const LOOK = 2000;
/** Looks in a row at failures, however few: each request may take long to fail. */
const LOOKS = 5;

export class ElectedSource implements UpdateSource {
  readonly #options: ElectedSourceOptions;
  #source: UpdateSource | undefined;
  #state: SourceState = { failures: 0, lastError: undefined, silence: 0, lastSuccess: Date.now() };

  constructor(options: ElectedSourceOptions) {
    this.#options = options;
  }

  /** Of a machine that does not receive: as if all were well, since another one does. */
  get state(): SourceState {
    return this.#source?.state ?? this.#state;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#elected(signal);
      if (!signal.aborted) await this.#receive(signal);
    }
  }

  /** Only the first machine may drop the updates that wait at Telegram: later they are the others' as well. */
  async skipPending(signal: AbortSignal): Promise<boolean> {
    const { election, create } = this.#options;
    if (!(await election.isAlone())) return false;
    return await create().skipPending(signal);
  }

  /** Each term confirms its last batch itself. */
  async confirm(): Promise<void> {}

  async #receive(signal: AbortSignal): Promise<void> {
    const { election, create, log } = this.#options;
    const term = new AbortController();
    const isOver = () => !election.isElected;
    const stop = election.onChange(() => isOver() && term.abort());
    const source = create();
    this.#source = source;
    let looks = 0;
    const look = setInterval(() => {
      const { failures, isConflict } = source.state;
      const isUnanswered = failures > 0 && !isConflict;
      looks = isUnanswered ? looks + 1 : 0;
      if (isUnanswered && (failures >= FAILURES || looks >= LOOKS)) election.giveUp();
    }, LOOK).unref();
    log.info({}, "this server polls from now on");
    try {
      await source.run(AbortSignal.any([signal, term.signal]));
    } catch (error) {
      // The errors of a term that is over are nobody's.
      if (!isOver()) throw error;
    } finally {
      clearInterval(look);
      stop();
      this.#state = { ...source.state, failures: 0, lastError: undefined, isConflict: false, silence: 0 };
    }
    if (!isOver()) await source.confirm(AbortSignal.timeout(CONFIRMATION)).catch(() => {});
    this.#source = undefined;
    // The others need not wait for the rest of the stop.
    if (signal.aborted) election.giveUp();
    else if (isOver()) log.info({}, "another server polls from now on, or this one cannot reach the inbox");
  }

  async #elected(signal: AbortSignal): Promise<void> {
    const { election } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = election.onChange(() => election.isElected && resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (election.isElected) resolve();
    await promise;
    stop();
  }
}

/** Time that Telegram has to confirm the last offset: ms. */
const CONFIRMATION = 2000;
