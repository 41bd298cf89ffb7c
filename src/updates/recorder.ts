/**
 * Collects the facts of one turn of the event loop, and ends the turn once for all workers:
 *
 *   record the turn in the inbox -> post its events -> flush the ports -> make its calls
 *
 * So a delivery is in the inbox before the application can know of it, and an event that an application settled before it made
 * a call is settled for good before the call has an effect. An inbox that answers later holds up the turn's events and calls;
 * answers to the workers go out at once.
 */

import type { Beginning, NewDeadLetter, Settlement } from "../inbox/inbox.ts";
import type { EventItem, ToWorker } from "../protocol/port.ts";

/** A worker as events are posted to it. Events that are posted to a dead worker are dropped. */
export interface Recipient {
  readonly number: number;
  push(item: ToWorker): void;
}

export interface RecorderOptions {
  inbox: Settlement;
  /** The inbox refused these deliveries: they are not posted. */
  refused(worker: Recipient, seqs: readonly number[]): void;
  /** Posts the items that were pushed to the workers. */
  flush(): void;
  /** Takes the calls that were made so far. @returns sends them */
  takeCalls(): () => void;
  /** The inbox cannot be written any more. */
  onError(error: Error): void;
}

class OpenTurn {
  readonly begun: Beginning[] = [];
  readonly settled: number[] = [];
  readonly died: number[] = [];
  readonly withdrawn: number[] = [];
  readonly deadLettered: NewDeadLetter[] = [];
  readonly events = new Map<Recipient, EventItem[]>();

  get isEmpty(): boolean {
    return this.begun.length + this.settled.length === 0 && !this.hasEnds;
  }

  /** Deaths, withdrawals and dead letters are recorded after the beginnings of their turn. */
  get hasEnds(): boolean {
    return this.died.length + this.withdrawn.length + this.deadLettered.length > 0;
  }
}

const NO_TURNS: readonly OpenTurn[] = [];

export class Recorder {
  readonly #options: RecorderOptions;
  #turns = [new OpenTurn()];
  #isScheduled = false;
  /** Resolves when all turns before are recorded; undefined while the inbox answers at once. */
  #recording: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  begun(worker: Recipient, event: EventItem, alone: boolean): void {
    // The event may have been withdrawn a moment ago: it begins anew in a turn of its own.
    if (this.#turn.hasEnds) this.#turns.push(new OpenTurn());
    const { begun, events } = this.#turn;
    begun.push({ seq: event.seq, alone });
    const batch = events.get(worker);
    if (batch === undefined) events.set(worker, [event]);
    else batch.push(event);
    this.schedule();
  }

  settled(seqs: readonly number[]): void {
    this.#turn.settled.push(...seqs);
    this.schedule();
  }

  died(seqs: readonly number[]): void {
    this.#turn.died.push(...seqs);
    this.schedule();
  }

  withdrawn(seqs: readonly number[]): void {
    this.#turn.withdrawn.push(...seqs);
    this.schedule();
  }

  deadLettered(letter: NewDeadLetter): void {
    this.#turn.deadLettered.push(letter);
    this.schedule();
  }

  /** Ends the turn when the event loop has handled what is at hand. */
  readonly schedule = (): void => {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#endScheduled);
  };

  /** Ends the turn now. Resolves when everything so far is recorded, posted and sent. */
  async end(): Promise<void> {
    this.#end();
    await this.#recording;
  }

  get #turn(): OpenTurn {
    return this.#turns.at(-1)!;
  }

  readonly #endScheduled = (): void => {
    this.#end();
  };

  #end(): void {
    const { flush, takeCalls, onError } = this.#options;
    const send = takeCalls();
    try {
      for (const turn of this.#take()) this.#record(turn);
      flush();
    } catch (error) {
      return onError(error as Error);
    } finally {
      // Not earlier: pushing the events would schedule another end.
      this.#isScheduled = false;
    }
    if (this.#recording === undefined) send();
    else this.#later(send);
  }

  #take(): readonly OpenTurn[] {
    const turns = this.#turns;
    if (turns.length === 1 && this.#turn.isEmpty) return NO_TURNS;
    this.#turns = [new OpenTurn()];
    return turns;
  }

  #record(turn: OpenTurn): void {
    const { inbox } = this.#options;
    if (this.#recording !== undefined) return this.#later(async () => this.#post(turn, await inbox.record(turn)));
    const refused = inbox.record(turn);
    if (refused instanceof Promise) this.#later(async () => this.#post(turn, await refused));
    else this.#post(turn, refused);
  }

  #post({ events }: OpenTurn, refused: readonly number[]): void {
    for (const [worker, batch] of events) {
      if (refused.length === 0) worker.push({ type: "events", events: batch });
      else this.#postRest(worker, batch, new Set(refused));
    }
  }

  #postRest(worker: Recipient, batch: readonly EventItem[], refused: ReadonlySet<number>): void {
    const [lost, ours] = [batch.filter(({ seq }) => refused.has(seq)), batch.filter(({ seq }) => !refused.has(seq))];
    if (ours.length > 0) worker.push({ type: "events", events: ours });
    if (lost.length > 0)
      this.#options.refused(
        worker,
        lost.map(({ seq }) => seq),
      );
  }

  /** Does the work after everything that is still to be recorded. */
  #later(work: () => void | Promise<void>): void {
    const before = this.#recording ?? Promise.resolve();
    const recording = before.then(work).catch((error) => this.#options.onError(error as Error));
    this.#recording = recording;
    void recording.then(() => {
      if (this.#recording === recording) this.#recording = undefined;
    });
  }
}
