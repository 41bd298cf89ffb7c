/**
 * Collects the facts of one turn of the event loop, and ends the turn once for all workers:
 *
 *   record the turn in the inbox -> post its events -> answer questions about stored values -> post the other items for the workers
 *     -> send its calls
 *
 * So a delivery is in the inbox before the application can know of it, and an event that an application settled before it made
 * a call is settled for good before the call has an effect; and a stored value is read with everything that was written before the
 * question came. An inbox that answers later holds up the turn's events and calls;
 * answers to the workers go out at once.
 *
 * The file is longer than others because one order holds for all that a turn may have in it.
 */

import type { Arrival } from "../dispatch/line.ts";
import type { Beginning, NewDeadLetter, Settlement, Turn } from "../inbox/inbox.ts";
import type { EventItem, ToWorker } from "../protocol/port.ts";
import type { JournalFact } from "../protocol/recorded-call.ts";
import type { StoredValue, StoredWrite } from "../protocol/stored-value.ts";

/** A worker as events are posted to it. Items for a dead worker are dropped. */
export interface Recipient {
  readonly number: number;
  /** Posts events at once, behind the items that were pushed before. */
  post(events: EventItem[]): void;
  /** Posts the items that were pushed. */
  flush(): void;
}

/** A worker that asks for stored values, or writes them. */
export interface Asker {
  push(item: ToWorker): void;
}

/** A question of a worker: the number that it gave, and the key of a value; the key of a write that it wants recorded is undefined. */
interface Question {
  readonly asker: Asker;
  readonly id: number;
  readonly key: string | undefined;
}

/** An event that is to be posted. Without a body it is read from the inbox at that moment. */
export interface EventToPost extends Omit<EventItem, "body"> {
  body: string | undefined;
}

export interface RecorderOptions {
  /** Records turns, and reads the bodies that are not in memory. */
  inbox: Settlement;
  /** `takeTurn()` takes the calls that were made so far, and returns the function that sends them. */
  outbox: { takeTurn(): () => void };
  /** The inbox refused these deliveries, or has no body for them: they are not posted. */
  refused(worker: Recipient, seqs: readonly number[]): void;
  /** The bodies of events that are to follow were read. */
  loaded(arrivals: readonly Arrival[], bodies: ReadonlyMap<number, string>): void;
  /** The inbox cannot be written any more. */
  onError(error: Error): void;
}

class OpenTurn implements Turn {
  readonly begun: Beginning[] = [];
  readonly settled: number[] = [];
  readonly writes: StoredWrite[] = [];
  readonly died: number[] = [];
  readonly withdrawn: number[] = [];
  readonly deadLettered: NewDeadLetter[] = [];
  readonly journal: JournalFact[] = [];
  /** Events to post, by worker. */
  readonly events = new Map<Recipient, EventToPost[]>();
  /** Events to post whose bodies are not in memory. */
  readonly unread: EventToPost[] = [];
  /** Events that are to follow, whose bodies are read with those. */
  readonly following: Arrival[] = [];

  get isEmpty(): boolean {
    const { begun, settled, writes, journal } = this;
    return begun.length + settled.length + writes.length + journal.length === 0 && !this.hasEnds;
  }

  /** Deaths, withdrawals and dead letters are recorded after the beginnings of their turn. */
  get hasEnds(): boolean {
    return this.died.length + this.withdrawn.length + this.deadLettered.length > 0;
  }
}

export class Recorder {
  readonly #options: RecorderOptions;
  /** The turns that have not ended, in order. */
  #turns = [new OpenTurn()];
  /** Workers with items to post. */
  readonly #pushed = new Set<Recipient>();
  /** Questions about stored values. */
  #questions: Question[] = [];
  #isScheduled = false;
  /** Resolves when all ended turns are recorded; undefined if they are. */
  #recording: Promise<void> | undefined;
  /** The inbox cannot be written any more: nothing is recorded, and no event or call goes out. */
  #hasFailed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** A delivery begins: the event is posted when that is recorded. */
  begun(worker: Recipient, event: EventToPost, alone: boolean): void {
    // The event may have been withdrawn a moment ago: it begins anew in a turn of its own.
    if (this.#turn.hasEnds) this.#turns.push(new OpenTurn());
    const { begun, events, unread } = this.#turn;
    begun.push({ seq: event.seq, alone });
    if (event.body === undefined) unread.push(event);
    const batch = events.get(worker);
    if (batch === undefined) events.set(worker, [event]);
    else batch.push(event);
    this.schedule();
  }

  /** The bodies of these events are read with those of the turn. */
  readAhead(arrivals: readonly Arrival[]): void {
    this.#turn.following.push(...arrivals);
  }

  /** A delivery begins of an event that its worker has. */
  triedAgain(seq: number): void {
    if (this.#turn.hasEnds) this.#turns.push(new OpenTurn());
    this.#turn.begun.push({ seq, alone: false });
    this.schedule();
  }

  /** @param writes the values that the code of these events has stored */
  settled(seqs: readonly number[], writes?: readonly StoredWrite[]): void {
    this.#turn.settled.push(...seqs);
    if (writes !== undefined) this.#turn.writes.push(...writes);
    this.schedule();
  }

  /** A worker asks for a stored value. */
  asked(asker: Asker, id: number, key: string): void {
    this.#questions.push({ asker, id, key });
    this.schedule();
  }

  /** Code outside an event stores a value. */
  wrote(asker: Asker, id: number, write: StoredWrite): void {
    this.#turn.writes.push(write);
    this.#questions.push({ asker, id, key: undefined });
    this.schedule();
  }

  died(seqs: readonly number[]): void {
    this.#turn.died.push(...seqs);
    this.schedule();
  }

  /**
   * Others are at its worker beside the event from now on: a death of the process does not speak against it alone. The delivery is
   * taken back and begun again in one turn, so that the number of attempts stays.
   */
  accompanied(seq: number): void {
    if (this.#turn.hasEnds) this.#turns.push(new OpenTurn());
    this.#turn.begun.push({ seq, alone: false });
    this.withdrawn([seq]);
  }

  withdrawn(seqs: readonly number[]): void {
    this.#turn.withdrawn.push(...seqs);
    this.schedule();
  }

  deadLettered(letter: NewDeadLetter): void {
    this.#turn.deadLettered.push(letter);
    this.schedule();
  }

  /** A fact about the calls of events: it is recorded before anything that follows from it. */
  journaled(fact: JournalFact): void {
    this.#turn.journal.push(fact);
    this.schedule();
  }

  /** Records the facts of journals, without waiting for the turn's end. Does the work, which follows from them, when they are recorded. */
  whenJournaled(work: () => void): void {
    if (this.#hasFailed) return;
    const journal = this.#turns.flatMap((turn) => turn.journal.splice(0));
    const recorded = journal.length === 0 || this.#recordJournal(Object.assign(new OpenTurn(), { journal }), work);
    if (recorded) work();
  }

  /** @returns false if the inbox takes its time, and the work is done later, or if it failed */
  #recordJournal(turn: OpenTurn, work: () => void): boolean {
    const { inbox } = this.#options;
    try {
      const isFree = this.#recording === undefined;
      const recorded = isFree ? inbox.record(turn) : undefined;
      if (Array.isArray(recorded)) return true;
      this.#later(async () => {
        await (recorded ?? inbox.record(turn));
        work();
      });
    } catch (error) {
      this.#fail(error as Error);
    }
    return false;
  }

  /** The worker has items to post. */
  pushed(worker: Recipient): void {
    this.#pushed.add(worker);
    this.schedule();
  }

  /** Ends the turn when the event loop has handled what is at hand. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#end);
  }

  /** Ends the turn now. Resolves when everything so far is recorded, posted and sent. */
  async end(): Promise<void> {
    this.#end();
    await this.#recording;
  }

  get #turn(): OpenTurn {
    return this.#turns.at(-1)!;
  }

  readonly #end = (): void => {
    const { inbox, outbox } = this.#options;
    const send = outbox.takeTurn();
    try {
      for (const turn of this.#take()) {
        const refused = this.#recording === undefined ? inbox.record(turn) : undefined;
        if (Array.isArray(refused) && turn.unread.length === 0) this.#post(turn, refused);
        else this.#later(async () => this.#post(turn, await this.#read(turn, await (refused ?? inbox.record(turn)))));
      }
      if (this.#questions.length > 0) this.#answer(this.#questions.splice(0));
    } catch (error) {
      this.#fail(error as Error);
    }
    // After a failure, too: the workers are asked to end.
    for (const worker of this.#pushed) worker.flush();
    this.#pushed.clear();
    this.#isScheduled = false;
    // Refused deliveries made room: others have begun meanwhile.
    if (!this.#turn.isEmpty) this.schedule();
    if (this.#recording !== undefined) this.#later(send);
    else if (!this.#hasFailed) send();
  };

  #take(): readonly OpenTurn[] {
    const turns = this.#turns;
    if (turns.length === 1 && this.#turn.isEmpty) return NO_TURNS;
    this.#turns = [new OpenTurn()];
    return this.#hasFailed ? NO_TURNS : turns;
  }

  /** Reads the bodies that are not in memory. @returns the numbers of the events that are not to be posted */
  async #read({ unread, following }: OpenTurn, refused: readonly number[]): Promise<readonly number[]> {
    if (unread.length === 0) return refused;
    const { inbox, loaded } = this.#options;
    const bodies = await inbox.read([...unread, ...following].map(({ seq }) => seq));
    loaded(following, bodies);
    for (const event of unread) event.body = bodies.get(event.seq);
    return [...refused, ...unread.filter(({ body }) => body === undefined).map(({ seq }) => seq)];
  }

  /** Answers questions when everything before is recorded. */
  #answer(questions: readonly Question[]): void {
    if (this.#hasFailed) return;
    const keys = questions.flatMap(({ key }) => key ?? []);
    const read = () => (keys.length === 0 ? NO_VALUES : this.#options.inbox.values(keys));
    const answer = (values: ReadonlyMap<string, StoredValue>) => {
      for (const { asker, id, key } of questions) {
        asker.push(key === undefined ? { type: "set", id } : { type: "got", id, value: values.get(key) });
      }
    };
    const values = this.#recording === undefined ? read() : undefined;
    if (values === undefined || values instanceof Promise) this.#later(async () => answer(await (values ?? read())));
    else answer(values);
  }

  #post({ events }: OpenTurn, refused: readonly number[]): void {
    for (const [worker, batch] of events as ReadonlyMap<Recipient, EventItem[]>) {
      if (refused.length === 0) worker.post(batch);
      else this.#postOthers(worker, batch, new Set(refused));
    }
  }

  #postOthers(worker: Recipient, batch: readonly EventItem[], refused: ReadonlySet<number>): void {
    const ours = batch.filter(({ seq }) => !refused.has(seq));
    const others = batch.filter(({ seq }) => refused.has(seq)).map(({ seq }) => seq);
    if (ours.length > 0) worker.post(ours);
    if (others.length > 0) this.#options.refused(worker, others);
  }

  /** Does the work when all turns before are recorded. */
  #later(work: () => void | Promise<void>): void {
    const before = this.#recording ?? Promise.resolve();
    const recording = before
      .then(() => (this.#hasFailed ? undefined : work()))
      .catch((error) => this.#fail(error as Error));
    this.#recording = recording;
    void recording.then(() => {
      if (this.#recording === recording) this.#recording = undefined;
    });
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onError(error);
  }
}

const NO_VALUES: ReadonlyMap<string, StoredValue> = new Map();
const NO_TURNS: readonly OpenTurn[] = [];
