/**
 * The journal of unsettled events: the calls that each has made, and Telegram's answers. When an event is delivered again, its code
 * makes its calls again; a call with the same method and parameters gets the answer that is recorded, so that Telegram sees it once.
 *
 *   under way -- answered --> answered; its answer counts for one equal call of each later delivery
 *             -- refused, or never sent --> not recorded
 *             -- the answer is lost, the process dies --> uncertain; an equal call is made again: under way
 *
 * A call is recorded for each unsettled event of its instance, and forgotten with the last of them. An equal call of a later delivery
 * joins one that is under way. Methods that may be repeated are made again, and the recorded answer counts if Telegram refuses then.
 *
 * The file is longer than others because a call may belong to several events, and all of their journals change together.
 */

import { NetworkError, TelegramError } from "../protocol/errors.ts";
import type { Call, Place } from "../protocol/port.ts";
import { type EventPast, type JournalFact, type RecordedCall, UNKNOWN } from "../protocol/recorded-call.ts";
import { isRepeatable } from "../protocol/repeatable.ts";

export interface JournalOptions {
  /** False: only what events save is kept. */
  keepsCalls: boolean;
  /** True for text that must not be recorded. */
  isSecret(text: string): boolean;
  /** Records a fact with the turn. */
  record(fact: JournalFact): void;
  /** The event has made more calls than are recorded. Told once for each event. */
  onFull(event: CallingEvent): void;
}

/** A posted event. */
export interface CallingEvent extends Place {
  readonly seq: number;
  /** Number of its delivery. */
  readonly attempts: number;
}

/** The most calls of an event that are recorded, and characters in them. */
const MOST_CALLS = 1000;
const MOST_CHARACTERS = 1024 * 1024;

/** A recorded call. */
export interface Entry<UnderWay> extends RecordedCall {
  answer: string | undefined;
  readonly isRepeatable: boolean;
  /** Number of the event whose code made it; undefined outside an event. */
  readonly own: number | undefined;
  /** Numbers of the events that it is recorded for. */
  seqs: readonly number[];
  /** The worker's life in which it was made, or used, last. */
  user: object | undefined;
  /** The moment of that, in the journal's time. */
  usedAt: number;
  /** The call, while it is under way. */
  sending: UnderWay | undefined;
  /** True if the code of an event was told that it is uncertain. */
  isTold: boolean;
}

/** The journal of one event. */
interface Diary<UnderWay> {
  readonly entries: Entry<UnderWay>[];
  characters: number;
  saved: string | undefined;
  /** The event, once it has made a call of its own. */
  event: CallingEvent | undefined;
  /** The worker's life, and the delivery, of the event's latest call; 0 if all its calls were those of other events. */
  user: object | undefined;
  attempts: number;
  /** The journal's time at which that delivery began, if an earlier one was in the same life. */
  since: number;
  /** True if calls of earlier deliveries are recorded. */
  isAgain: boolean;
  isFull: boolean;
  /** It is a dead letter: calls under way are still recorded. */
  isOver: boolean;
}

/** @typeParam UnderWay a call that is under way */
export class Journal<UnderWay> {
  readonly #options: JournalOptions;
  readonly #diaries = new Map<number, Diary<UnderWay>>();
  /** Entries of restored calls, by what restore() was given: a call of several events has one entry. */
  readonly #restored = new WeakMap<RecordedCall, Entry<UnderWay>>();
  /** Counts deliveries that began in the same life of a worker as the one before. */
  #time = 1;
  /** Id of the newest entry. It begins with the clock, so no earlier process has given the ids that follow. */
  #lastId = Date.now() * 1000;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * An application makes a call.
   * @param user the life of the worker
   * @param event to which the call belongs; undefined outside an event
   * @param others numbers of the instance's other unsettled events
   * @returns a new entry, or one of an earlier delivery, which is used up by this; undefined if the call is not recorded
   */
  called(
    user: object,
    call: Call,
    event: CallingEvent | undefined,
    others: readonly number[] = NONE,
  ): Entry<UnderWay> | undefined {
    if (!this.#options.keepsCalls || (event === undefined && others.length === 0)) return undefined;
    const kind = kindOf(call.method);
    const body = kind === "fleeting" ? undefined : bodyOf(call);
    if (body === undefined || this.#options.isSecret(body)) return undefined;
    const earlier = event === undefined ? undefined : this.#find(user, call.method, body, event);
    if (earlier !== undefined) return earlier;
    const id = ++this.#lastId;
    const { method, lane } = call;
    const entry: Entry<UnderWay> = {
      id,
      method,
      lane,
      body,
      answer: undefined,
      isRepeatable: kind === "repeatable",
      own: event?.seq,
      seqs: NONE,
      user,
      usedAt: this.#time,
      sending: undefined,
      isTold: false,
    };
    if (event !== undefined && !this.#add(entry, event.seq, user, event)) return undefined;
    for (const seq of others) this.#add(entry, seq, user);
    if (entry.seqs.length === 0) return undefined;
    // Of a call that may be made again only the answer counts.
    if (!entry.isRepeatable) this.#recordCall(entry);
    return entry;
  }

  /** The call has been carried out. */
  answered(entry: Entry<UnderWay>, answer: string): void {
    const { seqs } = entry;
    entry.sending = undefined;
    if (this.#options.isSecret(answer)) this.#drop(entry, seqs);
    else if (!entry.answer) this.#keep(entry, answer);
    this.#release(seqs);
  }

  /**
   * The call has failed.
   * @returns the recorded answer, if it counts: Telegram had granted the call
   */
  failed(entry: Entry<UnderWay>, error: unknown): string | undefined {
    const { seqs } = entry;
    entry.sending = undefined;
    entry.isTold = false;
    const answer = entry.answer || undefined;
    if (answer === undefined && !entry.isRepeatable) {
      if (entry.answer === UNKNOWN || isUnknown(error)) this.#keep(entry, UNKNOWN);
      else this.#drop(entry, seqs);
    } else if (answer === undefined) this.#forget(entry, seqs);
    this.#release(seqs);
    return answer !== undefined && isRefusal(error) ? answer : undefined;
  }

  /** The event's code has saved its state. */
  saved(seq: number, json: string): void {
    this.#diaryOf(seq).saved = json;
    this.#options.record({ type: "saved", seqs: [seq], json });
  }

  /** An earlier process has left this of an event. An entry of several events is the same object each time. */
  restore(seq: number, calls: readonly RecordedCall[], saved: string | undefined): void {
    const diary = this.#diaryOf(seq);
    diary.saved = saved;
    if (!this.#options.keepsCalls) return;
    for (const call of calls) {
      const entry = this.#restored.get(call) ?? restored(call);
      this.#restored.set(call, entry);
      entry.seqs = [...entry.seqs, seq];
      diary.entries.push(entry);
      diary.characters += sizeOf(entry);
    }
  }

  /** Traces of earlier deliveries of the event; undefined if there are none. */
  past(seq: number): EventPast | undefined {
    const diary = this.#diaries.get(seq);
    if (diary === undefined) return undefined;
    const { entries, saved } = diary;
    const uncertain = entries.filter(({ answer, sending }) => answer === UNKNOWN && sending === undefined);
    for (const entry of uncertain) entry.isTold = true;
    if (uncertain.length === 0 && saved === undefined) return undefined;
    return { uncertain: uncertain.map(({ method, body }) => ({ method, body })), saved };
  }

  /** The events are settled, or not this process's any more. */
  settled(seqs: readonly number[]): void {
    for (const seq of seqs) this.#diaries.delete(seq);
  }

  /** The event is a dead letter, which keeps its journal. */
  deadLettered(seq: number): void {
    const diary = this.#diaries.get(seq);
    if (diary === undefined) return;
    diary.isOver = true;
    this.#releaseDiary(seq, diary);
  }

  #find(user: object, method: string, body: string, { seq, attempts }: CallingEvent): Entry<UnderWay> | undefined {
    const diary = this.#diaries.get(seq);
    if (diary === undefined) return undefined;
    if (diary.user !== user) {
      diary.user = user;
      diary.isAgain = true;
    } else if (diary.attempts !== attempts && diary.attempts > 0) {
      diary.since = ++this.#time;
      diary.isAgain = true;
    }
    diary.attempts = attempts;
    if (!diary.isAgain) return undefined;
    const found = diary.entries.find(
      (entry) => (entry.user !== user || entry.usedAt < diary.since) && entry.body === body && entry.method === method,
    );
    if (found === undefined) return undefined;
    // In the same life its error has reached the code.
    if (found.user === user) found.isTold = true;
    found.user = user;
    found.usedAt = this.#time;
    return found;
  }

  /** @param own the event, if the call is its own. @returns false if the call is one too many */
  #add(entry: Entry<UnderWay>, seq: number, user: object, own?: CallingEvent): boolean {
    const diary = this.#diaryOf(seq);
    if (own !== undefined) diary.event = own;
    if (diary.user === undefined && diary.entries.length === 0) {
      diary.user = user;
      diary.attempts = own?.attempts ?? diary.attempts;
    }
    const size = sizeOf(entry);
    if (diary.entries.length >= MOST_CALLS || diary.characters + size > MOST_CHARACTERS) {
      if (!this.#makeRoom(seq, diary, size)) {
        if (own !== undefined) this.#tellFull(diary);
        return false;
      }
    }
    diary.entries.push(entry);
    diary.characters += size;
    entry.seqs = [...entry.seqs, seq];
    return true;
  }

  /** Drops the oldest answers that the event needs least: to methods that may be repeated, and to calls of other events. */
  #makeRoom(seq: number, diary: Diary<UnderWay>, size: number): boolean {
    if (size > MOST_CHARACTERS) return false;
    while (diary.entries.length >= MOST_CALLS || diary.characters + size > MOST_CHARACTERS) {
      const least = diary.entries.find(
        (entry) => entry.answer && entry.sending === undefined && (entry.isRepeatable || entry.own !== seq),
      );
      if (least === undefined) return false;
      this.#drop(least, [seq]);
    }
    return true;
  }

  #keep(entry: Entry<UnderWay>, answer: string): void {
    for (const seq of entry.seqs) {
      const diary = this.#diaries.get(seq);
      if (diary === undefined) continue;
      if (diary.characters + answer.length > MOST_CHARACTERS && !this.#makeRoom(seq, diary, answer.length)) {
        this.#drop(entry, [seq]);
        if (entry.own === seq) this.#tellFull(diary);
      } else diary.characters += answer.length;
    }
    entry.answer = answer;
    const seqs = this.#unsettled(entry);
    if (seqs.length === 0) return;
    if (entry.isRepeatable) this.#recordCall(entry);
    this.#options.record({ type: "answered", seqs, id: entry.id, answer });
  }

  #recordCall(entry: Entry<UnderWay>): void {
    const { id, method, lane, body } = entry;
    this.#options.record({ type: "called", seqs: this.#unsettled(entry), call: { id, method, lane, body } });
  }

  #drop(entry: Entry<UnderWay>, seqs: readonly number[]): void {
    const unsettled = seqs.filter((seq) => this.#diaries.has(seq));
    this.#forget(entry, seqs);
    if (unsettled.length > 0) this.#options.record({ type: "dropped", seqs: unsettled, id: entry.id });
  }

  #forget(entry: Entry<UnderWay>, seqs: readonly number[]): void {
    for (const seq of seqs) {
      const diary = this.#diaries.get(seq);
      const place = diary?.entries.lastIndexOf(entry) ?? -1;
      if (place !== -1) {
        diary!.entries.splice(place, 1);
        diary!.characters -= sizeOf(entry);
      }
    }
    entry.seqs = entry.seqs.filter((seq) => !seqs.includes(seq));
  }

  #tellFull(diary: Diary<UnderWay>): void {
    if (!diary.isFull && diary.event !== undefined) this.#options.onFull(diary.event);
    diary.isFull = true;
  }

  #unsettled({ seqs }: Entry<UnderWay>): readonly number[] {
    return seqs.filter((seq) => this.#diaries.has(seq));
  }

  /** A call is over: the diaries of dead letters that waited for it go. */
  #release(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const diary = this.#diaries.get(seq);
      if (diary?.isOver) this.#releaseDiary(seq, diary);
    }
  }

  #releaseDiary(seq: number, { entries }: Diary<UnderWay>): void {
    if (entries.every(({ sending }) => sending === undefined)) this.#diaries.delete(seq);
  }

  #diaryOf(seq: number): Diary<UnderWay> {
    let diary = this.#diaries.get(seq);
    if (diary === undefined) {
      diary = {
        entries: [],
        characters: 0,
        saved: undefined,
        event: undefined,
        user: undefined,
        attempts: 0,
        since: 0,
        isAgain: false,
        isFull: false,
        isOver: false,
      };
      this.#diaries.set(seq, diary);
    }
    return diary;
  }
}

const NONE: readonly number[] = [];

function restored<UnderWay>(call: RecordedCall): Entry<UnderWay> {
  const { answer = UNKNOWN, method } = call;
  const isRepeatable = kindOf(method) === "repeatable";
  return {
    ...call,
    answer,
    isRepeatable,
    own: undefined,
    seqs: NONE,
    user: undefined,
    usedAt: 0,
    sending: undefined,
    isTold: false,
  };
}

/** `fleeting`: it reads, or shows something for some seconds. */
type Kind = "fleeting" | "repeatable" | "lasting";

const FLEETING = /^(?:get|download|sendChatAction$|send\w*Draft$)/;

const KINDS = new Map<string, Kind>();

function kindOf(method: string): Kind {
  return KINDS.get(method) ?? learn(method);
}

function learn(method: string): Kind {
  const kind = FLEETING.test(method) ? "fleeting" : isRepeatable(method) ? "repeatable" : "lasting";
  // Applications may name any method.
  if (KINDS.size < 1000) KINDS.set(method, kind);
  return kind;
}

/** The parameters, with the fingerprints of files in place of their names; undefined if a file has none. */
function bodyOf({ body, files }: Call): string | undefined {
  if (files === undefined) return body;
  let text = body;
  for (const { name, fingerprint } of files) {
    if (fingerprint === undefined) return undefined;
    // With the end of its text: one name may be the beginning of another.
    text = text.replaceAll(`${name}"`, () => `${fingerprint}"`);
  }
  return text;
}

function sizeOf({ body, answer = "" }: RecordedCall): number {
  return body.length + answer.length;
}

/** Telegram may have carried the call out. */
function isUnknown(error: unknown): boolean {
  return (error instanceof NetworkError || error instanceof TelegramError) && error.delivery === "unknown";
}

/** Telegram has not carried the call out, and says so. */
function isRefusal(error: unknown): boolean {
  return error instanceof TelegramError && error.delivery === "none";
}
