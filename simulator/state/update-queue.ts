/**
 * The updates that wait for getUpdates: https://core.telegram.org/bots/api#getupdates, with the rules of the public
 * server's TQueue where the reference has none. Pure: it does not wait, and its clock is injected.
 *
 * An update becomes JSON when it is pushed, as on the real server, so later changes of the world do not change it. Ids
 * ascend from head to tail; they are consecutive unless a test chooses an update's id.
 */

import { UPDATE_KINDS } from "../schema.ts";

/** An update that a test pushes: of any kind, known or not, with or without an id. */
export interface RawUpdate {
  update_id?: number;
  [kind: string]: unknown;
}

export interface UpdateQueueOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** The id of the first update; Telegram starts with a random id. */
  firstId: number;
}

interface QueuedUpdate {
  id: number;
  json: string;
  bytes: number;
  /** Milliseconds since 1970. */
  expires: number;
}

/** A reply is cut at about this many bytes, so it may hold fewer updates than requested while more are waiting. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** An offset further than this beyond the tail is ignored: it confirms nothing and reads from the head. */
const MAX_OFFSET_LEAP = 10;
/** Seconds until an update expires; kinds not listed here expire after a day. */
const RETENTION: Record<string, number> = {
  inline_query: 30,
  chosen_inline_result: 600,
  callback_query: 150,
  shipping_query: 150,
  pre_checkout_query: 150,
};
const DAY = 86_400;
/** "all update types except chat_member, message_reaction, and message_reaction_count" */
const NOT_BY_DEFAULT: ReadonlySet<string> = new Set(["chat_member", "message_reaction", "message_reaction_count"]);
const KNOWN: ReadonlySet<string> = new Set(UPDATE_KINDS);
const DEFAULT_KINDS: ReadonlySet<string> = new Set(UPDATE_KINDS.filter((kind) => !NOT_BY_DEFAULT.has(kind)));

export class UpdateQueue {
  /** Called after an update was pushed. */
  readonly onPush: ((json: string) => void)[] = [];
  /** Called for each update that is in an answer to getUpdates, or goes to the webhook. */
  readonly onTake: ((update_id: number, by: "getUpdates" | "webhook") => void)[] = [];
  /** Called for each update that the bot has confirmed, or dropped. */
  readonly onConfirm: ((update_id: number) => void)[] = [];
  /** Kinds of updates that `allowed_updates` excluded since a user's last action. */
  readonly excluded = new Set<string>();
  #entries: QueuedUpdate[] = [];
  /** The index of the head in `#entries`. Entries before it are confirmed, and removed in bulk. */
  #head = 0;
  #earliestExpiry = Infinity;
  #nextId: number;
  #allowed = DEFAULT_KINDS;
  #drained: (() => void)[] = [];
  readonly #now: () => number;

  constructor({ now, firstId }: UpdateQueueOptions) {
    this.#now = now;
    this.#nextId = firstId;
  }

  /** Updates that no offset has confirmed yet (WebhookInfo's pending_update_count). */
  get pending(): number {
    this.#expire();
    return this.#entries.length - this.#head;
  }

  /** The id of the next update. */
  get nextId(): number {
    return this.#nextId;
  }

  /** The kinds of the latest `allowed_updates`. */
  get allowed(): ReadonlySet<string> {
    return this.#allowed;
  }

  /**
   * Adds an update and returns its id; undefined if `allowed_updates` excludes its kind. This is decided now, not when
   * the update is fetched. Kinds that this version does not know always pass.
   */
  push(update: RawUpdate): number | undefined {
    const { update_id = this.#nextId, ...content } = update;
    const kind = Object.keys(content)[0];
    if (kind !== undefined && KNOWN.has(kind) && !this.#allowed.has(kind)) {
      this.excluded.add(kind);
      return undefined;
    }
    const last = this.#entries.at(-1);
    if (this.pending > 0 && last !== undefined && update_id <= last.id) {
      throw new RangeError(`update_id ${update_id} is not above ${last.id}, which is still in the queue`);
    }
    const json = JSON.stringify({ update_id, ...content });
    const expires = this.#now() + 1000 * (RETENTION[kind ?? ""] ?? DAY);
    this.#earliestExpiry = Math.min(this.#earliestExpiry, expires);
    this.#entries.push({ id: update_id, json, bytes: Buffer.byteLength(json), expires });
    this.#nextId = Math.max(this.#nextId, update_id + 1);
    for (const pushed of this.onPush) pushed(json);
    return update_id;
  }

  /** Remembers `allowed_updates`. An empty list, or one without any known kind, means the default. */
  allow(kinds: readonly unknown[]): void {
    const known = kinds.filter((kind): kind is string => typeof kind === "string").map((kind) => kind.toLowerCase());
    const chosen = known.filter((kind) => KNOWN.has(kind));
    this.#allowed = chosen.length > 0 ? new Set(chosen) : DEFAULT_KINDS;
  }

  /**
   * Confirms the updates below `offset`, and returns up to `limit` updates from there on, each as JSON. A negative
   * offset first drops all but the last `-offset` updates; 0 confirms nothing.
   */
  take(offset: number, limit: number): string[] {
    this.#expire();
    if (offset < 0) this.#advance(Math.max(this.#head, this.#entries.length + offset));
    else if (offset <= this.#nextId + MAX_OFFSET_LEAP) this.#advance(this.#indexOf(offset));
    const taken: string[] = [];
    let bytes = 0;
    for (let at = this.#head; at < this.#entries.length && taken.length < limit; at++) {
      const entry = this.#entries[at]!;
      bytes += entry.bytes;
      if (bytes > REPLY_BYTES && taken.length > 0) break;
      taken.push(entry.json);
      for (const told of this.onTake) told(entry.id, "getUpdates");
    }
    return taken;
  }

  /** Up to `limit` updates behind this id, without confirming any: for a webhook. */
  peek(behind: number, limit: number): { id: number; json: string; expires: number }[] {
    this.#expire();
    const at = this.#indexOf(behind + 1);
    return this.#entries.slice(at, at + limit);
  }

  /** Confirms one update: a webhook has it. */
  forget(id: number): void {
    const at = this.#indexOf(id);
    if (this.#entries[at]?.id !== id) return;
    if (at === this.#head) return this.#advance(at + 1);
    this.#entries.splice(at, 1);
    for (const confirmed of this.onConfirm) confirmed(id);
  }

  /** Drops all updates (drop_pending_updates). */
  clear(): void {
    this.#advance(this.#entries.length);
  }

  /** "If there are no new updates for at least a week, then identifier of the next update will be chosen randomly." */
  restartIds(at: number): void {
    if (this.pending > 0) throw new RangeError(`ids cannot restart while ${this.pending} updates are waiting`);
    this.#nextId = at;
  }

  /** Resolves when no update is pending: an offset has confirmed each, or it has expired. */
  async drained(): Promise<void> {
    if (this.pending === 0) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /** The index of the first entry with an id of at least `id`. */
  #indexOf(id: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #advance(to: number): void {
    const gone = this.#entries.slice(this.#head, to);
    this.#head = to;
    for (const confirmed of this.onConfirm) gone.forEach(({ id }) => void confirmed(id));
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) this.#compact();
    this.#settle();
  }

  #expire(): void {
    const now = this.#now();
    if (now <= this.#earliestExpiry) return;
    this.#compact();
    this.#entries = this.#entries.filter((entry) => entry.expires >= now);
    this.#earliestExpiry = this.#entries.reduce((earliest, { expires }) => Math.min(earliest, expires), Infinity);
    this.#settle();
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }

  #settle(): void {
    if (this.#head < this.#entries.length) return;
    this.#entries = [];
    this.#head = 0;
    this.#earliestExpiry = Infinity;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
