/**
 * Decides when an event is posted to the worker of its shard, and keeps account of posted and unsettled events.
 *
 *   received() --> waiting -- its turn, and room --> posted -- settled() --> gone
 *                            posted -- kept() --> posted, but in no window; no suspect any more -- settled() --> gone
 *                            posted -- overdue() --> dead letter
 *                            posted -- share() --> posted, and suspects go on beside it
 *                            posted -- triedAgain() --> posted, and its line waits for it
 *                            posted -- workerDied(), blamed --> suspect: waits for quarantine
 *                            posted -- workerDied() -- not blamed --> waiting, at the head of its line
 *                            suspect -- its turn, alone in quarantine --> posted -- settled() --> gone
 *                                       posted -- share() --> posted, and events that are no suspects go on beside it
 *                                       posted -- makeWay(), others wait --> posted, and no suspect any more
 *                                       dead letter <-- workerDied(), blamed for certain -- at the last attempt allowed
 *                waiting, suspect <-- workerDrained() -- posted, not settled
 *   any state, but for posted -- revoke() of its shard --> gone, left to the inbox
 *   posted -- revoked(), refused() --> gone, left to the inbox
 *
 * A death costs its culprit alone. The culprit is certain if the crash named it, or if it was alone; else some events are blamed
 * that are likely to be it. A suspect waits with its line for the quarantine, a worker of its own that gets one
 * suspect at a time, the one that will hold up others for the least time first, while the shard's worker goes on with the other lines. A suspect
 * that is settled or kept is cleared, and its scope stays in quarantine, where its instance is, until that worker ends. If one of several guesses
 * turns out to be the culprit, the others are cleared. For some seconds after a death, new events of chats that were never answered are tried
 * in quarantine as well: the next culprit is likely to be among them.
 *
 * A bot's program has no quarantine: it must not live twice. Its suspects are tried in the worker of their shard, one at a time, and before
 * anything else is posted to it. So are others while there is no memory for the quarantine.
 *
 * The file is longer than others because each step changes events, lines and workers together.
 */

import { Backlog } from "./backlog.ts";
import { type Blame, convict, FEW, suspect } from "./blame.ts";
import { type Arrival, type Held, Line } from "./line.ts";
import { ProvenScopes } from "./proven-scopes.ts";
import { ShardTable } from "./shard-table.ts";
import { WorkerQueue } from "./worker-queue.ts";

export interface DispatcherOptions {
  workers: number;
  /** Number of deaths of its worker that one event may cause. */
  maxAttempts: number;
  /** Unsettled events at the high-water mark. */
  limit: number;
  /** True if the inbox is on a disk: bodies that wait for long need not be in memory. */
  isStored: boolean;
  /** Posts an event to a worker. `alone`: a suspect, and the only one of the process at hand. */
  post(worker: number, arrival: Arrival, alone: boolean): void;
  /** These follow an event that was posted without its body: their bodies are to be read with it, for loaded(). */
  readAhead(arrivals: readonly Arrival[]): void;
  /** The event killed its worker too often, or took too long: the dispatcher has let go of it. */
  deadLetter(worker: number, arrival: Arrival, cause: "deadly" | "timed out"): void;
  /** A suspect waits, and the quarantine is not open. May be called again. */
  suspected(): void;
  /** The event holds up others at its worker until it is over or makes way. */
  holdsUp(worker: number, arrival: Arrival): void;
  /** The event was posted as the only suspect of the process, and is it no more. */
  accompanied(arrival: Arrival): void;
  /** A clock in ms. */
  now?(): number;
}

/** An event that earlier processes posted so often without an end is a suspect from the start. */
const SUSPICIOUS = 2;

/** Bodies of a line's waiting events that are in memory once it is filling, or are read into it at a time. */
const MOST_IN_MEMORY = 32;

export class Dispatcher {
  /** Number of the worker that is the quarantine. */
  readonly quarantine: number;
  readonly #options: DispatcherOptions;
  #table: ShardTable;
  readonly #quarantine: WorkerQueue;
  /** By number; the quarantine is the last. */
  readonly #workers: readonly WorkerQueue[];
  readonly #lines = new Map<string, Line>();
  /** Lines of which events were posted without their bodies. */
  readonly #unread = new Set<Line>();
  /** Scopes that have, or had, a suspect: their instances are in quarantine, or nowhere. */
  readonly #quarantined = new Set<string>();
  readonly #proven = new ProvenScopes();
  readonly #backlog: Backlog;
  /** Suspects that earlier processes left wait until nothing else is to be done, or for trySuspects(). */
  #isPatient = true;
  #hasQuarantine = true;
  /** A worker died lately. */
  #isWary = false;
  #isClosed = false;
  #isHeld = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { now = () => performance.now() } = options;
    this.#backlog = new Backlog(options.limit);
    this.quarantine = options.workers;
    this.#table = new ShardTable(options.workers);
    this.#workers = Array.from({ length: options.workers + 1 }, (_, number) => new WorkerQueue(number, now));
    this.#quarantine = this.#workers.at(-1)!;
  }

  /** Number of events received and not settled. */
  get unsettled(): number {
    return this.#backlog.size;
  }

  /** Number of events at the workers. */
  get postedCount(): number {
    return this.#workers.reduce((sum, { size }) => sum + size, 0);
  }

  /** Time of receipt of the oldest unsettled event; undefined if there is none. */
  get oldest(): number | undefined {
    const waiting = [...this.#lines.values()].map((line) => line.waiting.first?.received_at);
    const held = this.#workers.flatMap((worker) => worker.held).map(({ arrival }) => arrival.received_at);
    const times = [...waiting, ...held].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
  }

  /** Time from which `room()` waits: milliseconds since 1970; undefined while it does not. */
  get fullSince(): number | undefined {
    return this.#backlog.fullSince;
  }

  /** True if the quarantine has something to do. */
  get needsQuarantine(): boolean {
    return this.#quarantine.isWaitedFor || this.#quarantine.size > 0;
  }

  /**
   * The application is a bot's program, of which so many workers serve, and there is no quarantine. Called before the first of them is
   * ready.
   */
  servesProgram(workers: number): void {
    this.#hasQuarantine = false;
    this.#table = new ShardTable(workers);
    this.#quarantined.clear();
    for (const line of this.#lines.values()) this.#place(line);
  }

  /**
   * There is no memory for the quarantine: the lines that wait for it go to the workers of their shards, whose suspects are tried as those
   * of a program.
   * @returns false if none waits
   */
  withoutQuarantine(): boolean {
    const isWaiting = (line: Line) => line.worker === this.#quarantine && line.posted + line.kept === 0;
    const lines = [...this.#lines.values()].filter(isWaiting);
    if (lines.length === 0) return false;
    this.#isWary = false;
    for (const line of lines) {
      this.#quarantined.delete(line.scope);
      this.#placeAtShard(line);
    }
    this.#pumpAll();
    return true;
  }

  received(arrival: Arrival): void {
    const line = this.#lines.get(arrival.scope) ?? this.#open(arrival);
    // The inbox has it, too.
    if (this.#options.isStored && line.waiting.length >= MOST_IN_MEMORY && this.#backlog.isFilling)
      arrival.body = undefined;
    this.#backlog.add(arrival);
    line.waiting.push(arrival);
    // No instance of the scope has had an event since the process started, or it is the only event of a line that is doubted.
    const isFirst = line.posted + line.kept === 0;
    if (isFirst && (arrival.attempts >= SUSPICIOUS || (line.waiting.length === 1 && this.#doubts(line)))) {
      arrival.isSuspect = true;
      this.#place(line);
    } else line.worker.add(line);
    this.#pump(line.worker);
  }

  /** The bodies of waiting events were read. An event that does not wait any more was read by itself, or is gone. */
  loaded(arrivals: readonly Arrival[], bodies: ReadonlyMap<number, string>): void {
    for (const [scope, ofLine] of Map.groupBy(arrivals, (arrival) => arrival.scope)) {
      const waiting = this.#lines.get(scope)?.waiting.firstFew(MOST_IN_MEMORY) ?? [];
      for (const arrival of ofLine) {
        const body = bodies.get(arrival.seq);
        if (body !== undefined && waiting.includes(arrival)) this.#backlog.setBody(arrival, body);
      }
    }
  }

  /** The worker has taken these events off its port. */
  taken(worker: number, seqs: readonly number[]): void {
    const queue = this.#workers[worker]!;
    queue.taken(seqs);
    this.#pump(queue);
  }

  settled(worker: number, seqs: readonly number[]): void {
    const queue = this.#workers[worker]!;
    for (const seq of seqs) {
      const held = queue.get(seq);
      if (held === undefined) continue;
      held.line.widen();
      this.#letGo(queue, held);
    }
    this.#pump(queue);
    this.#signal();
  }

  /** The application goes on, while it has open work at the event. */
  kept(worker: number, seq: number): void {
    const queue = this.#workers[worker]!;
    const held = queue.get(seq);
    const wasAlone = queue.suspect === held;
    if (held === undefined || !queue.keep(held)) return;
    if (wasAlone) this.#options.accompanied(held.arrival);
    queue.add(held.line);
    this.#pump(queue);
  }

  /** The application threw, and gets the event again later: the line waits in the worker, and leaves its room to others. */
  triedAgain(worker: number, seq: number): void {
    const queue = this.#workers[worker]!;
    const held = queue.get(seq);
    if (held === undefined) return;
    queue.rest(held);
    if (this.#options.isStored) this.#backlog.setBody(held.arrival, undefined);
    this.#pump(queue);
    this.#signal();
  }

  /** The event has not killed its worker for a moment: what is no suspect goes on beside a suspect, and suspects beside another event. */
  share(worker: number, seq: number): void {
    const queue = this.#workers[worker]!;
    const held = queue.get(seq);
    if (held === undefined) return;
    queue.share(held);
    this.#pump(queue);
  }

  /** The suspect has not killed its worker for a while: other suspects, if some wait, are tried beside it. */
  makeWay(worker: number, seq: number): void {
    const queue = this.#workers[worker]!;
    const held = queue.get(seq);
    if (held === undefined) return;
    this.#makeWay(queue, held);
    this.#pump(queue);
  }

  /** The worker can take events. */
  workerReady(worker: number): void {
    const queue = this.#workers[worker]!;
    queue.isOpen = !this.#isClosed;
    this.#pump(queue);
    // It waits until the others have started.
    this.#pump(this.#quarantine);
    this.#signal();
  }

  /** The worker gets nothing more until `workerReady()`. */
  workerPaused(worker: number): void {
    this.#workers[worker]!.isOpen = false;
  }

  /**
   * The worker is dead. Its events go back to the heads of their lines, those that are blamed as suspects.
   * @returns the numbers of the events that are blamed, for certain or not
   */
  workerDied(worker: number, { named, guessed = [] }: Blame = {}): number[] {
    const queue = this.#workers[worker]!;
    const { suspect: tried, isShared } = queue;
    const certain = queue.get(named ?? -1) ?? (isShared ? undefined : tried);
    const found = guessed.map((seq) => queue.get(seq)).filter((held) => held !== undefined);
    const likely = found.length === 0 && tried !== undefined ? [tried] : found;
    const blamed = certain === undefined ? likely : [certain];
    const held = queue.close();
    this.#isWary = this.#hasQuarantine;
    if (certain === undefined) suspect(held, blamed);
    else convict(certain);
    const isDeadly = certain !== undefined && certain.arrival.deaths >= this.#options.maxAttempts;
    // There may be suspects of this process, and their chats are not to wait for others.
    this.#isPatient = false;
    this.#takeBack(queue, held, isDeadly ? certain : undefined);
    if (certain === undefined) this.#doubtLinesOf(queue);
    this.#pumpAll();
    if (isDeadly) this.#options.deadLetter(worker, certain.arrival, "deadly");
    this.#signal();
    return blamed.map(({ arrival }) => arrival.seq);
  }

  /** No worker has died for a while. */
  trust(): void {
    this.#isWary = false;
  }

  /** The event took too long, and its worker was ended for it: it is a dead letter, and the worker's other events are not blamed. */
  overdue(worker: number, seq: number): void {
    const queue = this.#workers[worker]!;
    const held = queue.get(seq);
    if (held !== undefined) this.#letGo(queue, held);
    this.workerDrained(worker, []);
    if (held !== undefined) this.#options.deadLetter(worker, held.arrival, "timed out");
  }

  /**
   * The worker ended as told. Its unsettled events go first when there is another worker, and are not blamed.
   * @param unseen numbers of the events that no application received: their delivery was no attempt
   */
  workerDrained(worker: number, unseen: readonly number[]): void {
    const queue = this.#workers[worker]!;
    for (const seq of unseen) {
      const held = queue.get(seq);
      if (held !== undefined) held.arrival.attempts -= 1;
    }
    this.#takeBack(queue, queue.close());
    this.#pumpAll();
    this.#signal();
  }

  /** The shard is taken away: posts nothing of it from now on, and forgets its waiting events. @returns its worker */
  revoke(shard: number): number {
    for (const line of this.#lines.values()) {
      if (line.shard !== shard) continue;
      line.isRevoked = true;
      line.worker.remove(line);
      for (const arrival of line.waiting.takeAll()) this.#backlog.remove(arrival);
      this.#drop(line);
    }
    this.#pumpAll();
    this.#signal();
    return this.#table.workerOf(shard);
  }

  /** The shard's instances have ended: forgets its posted events, too. */
  revoked(shard: number): void {
    for (const queue of this.#workers) {
      for (const held of queue.held) if (held.line.shard === shard) this.#letGo(queue, held);
      this.#pump(queue);
    }
    this.#signal();
  }

  /** The inbox refused these deliveries before they were posted: the events are not this process's any more. */
  refused(worker: number, seqs: readonly number[]): void {
    const queue = this.#workers[worker]!;
    for (const seq of seqs) {
      const held = queue.get(seq);
      if (held !== undefined) this.#letGo(queue, held);
    }
    this.#pump(queue);
    this.#signal();
  }

  /** Suspects that earlier processes left wait no longer. */
  trySuspects(): void {
    this.#isPatient = false;
    this.#pump(this.#quarantine);
  }

  /** Posts nothing until resume(), but for postOne(). */
  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
    this.#pumpAll();
  }

  /** Posts one event although events are held. Its line has no event at its worker. @returns its number; undefined if there is none */
  postOne(): number | undefined {
    for (const queue of this.#workers) {
      const next = queue === this.#quarantine ? undefined : queue.nextOfIdleLine();
      if (next === undefined) continue;
      this.#post(queue, next);
      return next.arrival.seq;
    }
    return undefined;
  }

  /** Posts nothing from now on; posted events can still be settled. */
  close(): void {
    this.#isClosed = true;
    for (const queue of this.#workers) queue.isOpen = false;
  }

  /** The posted event of that number, if that worker holds it. */
  posted(worker: number, seq: number): Arrival | undefined {
    return this.#workers[worker]!.get(seq)?.arrival;
  }

  /** The worker that gets the scope's events. */
  workerOf(scope: string, shard: number): number {
    return this.#queueOf(scope, shard).number;
  }

  /** Resolves when there is room for another batch, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#backlog.room(signal);
  }

  /** Resolves when everything is settled. */
  idle(): Promise<void> {
    return this.#backlog.idle();
  }

  #open({ scope, shard }: Arrival): Line {
    const line = new Line(scope, shard, this.#queueOf(scope, shard), this.#proven.has(scope));
    this.#lines.set(scope, line);
    return line;
  }

  #queueOf(scope: string, shard: number): WorkerQueue {
    return this.#quarantined.has(scope) ? this.#quarantine : this.#workers[this.#table.workerOf(shard)]!;
  }

  #pumpAll(): void {
    for (const queue of this.#workers) this.#pump(queue);
  }

  /** Posts every event that may be posted. */
  #pump(queue: WorkerQueue): void {
    if (this.#isHeld) return;
    const { tooSlow } = queue;
    if (tooSlow !== undefined) this.#makeWay(queue, tooSlow);
    for (let next = queue.next(); next !== undefined; next = queue.next()) this.#post(queue, next);
    if (this.#unread.size > 0) this.#readAhead();
    for (const { arrival } of queue.obstacles()) this.#options.holdsUp(queue.number, arrival);
    const isCalledFor = queue === this.#quarantine && queue.isWaitedFor && !queue.isOpen && !this.#isPatient;
    if (isCalledFor && !this.#isClosed) this.#options.suspected();
  }

  #readAhead(): void {
    for (const { waiting } of this.#unread) {
      const following = waiting.firstFew(MOST_IN_MEMORY).filter(({ body }) => body === undefined);
      if (following.length > 0 && !this.#backlog.isFilling) this.#options.readAhead(following);
    }
    this.#unread.clear();
  }

  #makeWay(queue: WorkerQueue, held: Held): void {
    if (!queue.makeWay(held)) return;
    this.#options.accompanied(held.arrival);
    // A program overlaps the events of a chat by itself.
    if (!this.#hasQuarantine && queue.keep(held)) queue.add(held.line);
  }

  #post(queue: WorkerQueue, held: Held): void {
    held.arrival.attempts += 1;
    if (held.arrival.body === undefined) this.#unread.add(held.line);
    this.#options.post(queue.number, held.arrival, queue.suspect === held);
  }

  /** True if the line's first event is to be tried in quarantine, although nothing is known against it. */
  #doubts(line: Line): boolean {
    return this.#isWary && !line.isProven && line.worker !== this.#quarantine && this.#quarantine.suspected < FEW;
  }

  /** The cause of the worker's death may be followed by another one, among the events that wait for its replacement. */
  #doubtLinesOf(queue: WorkerQueue): void {
    const waiting = [...this.#lines.values()].filter(
      (line) => line.worker === queue && line.waiting.first !== undefined,
    );
    for (const line of waiting.sort((one, other) => one.waiting.first!.seq - other.waiting.first!.seq)) {
      if (!this.#doubts(line)) continue;
      line.waiting.first!.isSuspect = true;
      this.#place(line);
    }
  }

  /** Puts a line whose worker has none of its events into the queue of the right worker. */
  #place(line: Line): void {
    if (!this.#hasQuarantine) return this.#placeAtShard(line);
    if (line.waiting.hasSuspect) this.#quarantined.add(line.scope);
    this.#placeAt(this.#queueOf(line.scope, line.shard), line);
  }

  #placeAtShard(line: Line): void {
    // A suspect would wait for the events before it, and nothing would be posted meanwhile.
    line.waiting.suspectThoseBefore();
    this.#placeAt(this.#queueOf(line.scope, line.shard), line);
  }

  #placeAt(worker: WorkerQueue, line: Line): void {
    line.worker.remove(line);
    line.worker = worker;
    worker.add(line);
  }

  /**
   * The worker is gone: its events go back to the heads of their lines, and the instances of its scopes are gone.
   * @param deadly the event that does not go back
   */
  #takeBack(queue: WorkerQueue, held: readonly Held[], deadly?: Held): void {
    const lines = new Set(held.map(({ line }) => line));
    for (const one of held.toReversed()) {
      const { arrival, line } = one;
      if (one === deadly || line.isRevoked) this.#backlog.remove(arrival);
      else line.waiting.unshift(arrival);
    }
    if (queue === this.#quarantine || !this.#hasQuarantine) {
      this.#quarantined.clear();
      for (const line of this.#lines.values()) if (line.worker === queue) lines.add(line);
    }
    for (const line of lines) {
      if (line.isEmpty) this.#drop(line);
      else this.#place(line);
    }
  }

  #letGo(queue: WorkerQueue, held: Held): void {
    const { arrival, line } = held;
    queue.release(held);
    this.#backlog.remove(arrival);
    if (line.waiting.length > 0) line.worker.add(line);
    else this.#drop(line);
  }

  #drop(line: Line): void {
    if (!line.isEmpty || this.#lines.get(line.scope) !== line) return;
    this.#lines.delete(line.scope);
    if (line.isProven) this.#proven.add(line.scope);
  }

  #signal(): void {
    this.#backlog.signal();
    if (this.#isPatient && this.#quarantine.isWaitedFor && this.#isOtherwiseIdle) this.trySuspects();
  }

  /** True if every worker is ready and has nothing to do. */
  get #isOtherwiseIdle(): boolean {
    return this.#workers.every((queue) => queue === this.#quarantine || (queue.isOpen && queue.size === 0));
  }
}
