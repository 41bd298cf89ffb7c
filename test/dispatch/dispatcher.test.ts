import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { Arrival } from "../../src/dispatch/line.ts";
import { ShardTable } from "../../src/dispatch/shard-table.ts";
import { SUSPECTS_TURN } from "../../src/dispatch/worker-queue.ts";
import type { EventItem } from "../../src/protocol/port.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { isSettled } from "../settled.ts";

// The dispatcher's promises; it does not export these numbers.
const FIRST_WINDOW = 2;
const PER_SCOPE = 32;
const PER_WORKER = 1000;
const ON_THEIR_WAY = 32;
const INTERRUPTED = 3;
const DOUBTED = 8;
const HIGH_WATER = 10_000;
const HIGH_WATER_CHARACTERS = 64 * 1024 * 1024;

const never = new AbortController().signal;

const UNBOUNDED = { limit: Number.POSITIVE_INFINITY, isStored: false };
const UNHEARD = { readAhead() {}, holdsUp() {}, accompanied() {} };

const NEW = { update_id: 1, kind: "message", received_at: 0, attempts: 0, deaths: 0 };

// ---- a model of the dispatcher, which checks every single posting ----------------------------------------------------

interface Scope {
  readonly key: string;
  readonly shard: number;
  readonly home: number;
  /** The worker that gets its events: its home, or the quarantine. */
  worker: number;
  /** Received and not settled, in order: first the posted ones, then those that wait. */
  unsettled: number[];
  posted: Set<number>;
  /** The posted ones at which the application has open work, although it went on. */
  kept: Set<number>;
  /** Events that it may have posted at once. */
  window: number;
  /** The posted one that is to be tried again later. */
  resting: number | undefined;
  /** Its shard is being taken away. */
  isRevoked: boolean;
  /** It has settled an event. */
  isProven: boolean;
  /** Times that each other scope was served while this one could have been. */
  passedOver: Map<Scope, number>;
}

type Choose = (posted: number[]) => number | undefined;
type ChooseSome = (posted: number[]) => number[];

class Model {
  readonly dispatcher: Dispatcher;
  readonly scopes: Scope[];
  readonly quarantine: number;
  readonly #maxAttempts: number;
  readonly #open: boolean[];
  readonly #suspects = new Set<number>();
  /** Scopes whose instance is in quarantine. */
  readonly #quarantined = new Set<Scope>();
  /** The suspect that was posted alone. */
  #alone: number | undefined;
  /** Posted events that the worker has not taken. */
  readonly #onTheirWay = new Set<number>();
  /** Others are posted beside it. */
  #isShared = false;
  /** Posted events that have made way for others. */
  readonly #survivors = new Set<number>();
  /** Posted events of scopes that wait for another attempt. */
  readonly #resting = new Set<number>();
  /** Posted events that hold up others, as the dispatcher has told. */
  readonly #told = new Set<number>();
  /** Suspects that are at hand beside others from now on, as the dispatcher has told. */
  #accompanied: number[] = [];
  /** Suspects for nothing but a guess, and the events that were guessed together. */
  readonly #guesses = new Map<number, readonly number[]>();
  /** A worker died lately: events of scopes that have settled none are suspects, as far as there is room for them. */
  #isWary = false;
  /** Scopes that have been served since the last suspect was over. */
  readonly #guests = new Set<Scope>();
  #clock = 0;
  readonly #attempts = new Map<number, number>();
  readonly #deaths = new Map<number, number>();
  readonly #deadLetters: [worker: number, seq: number][] = [];
  #closed = false;
  #lastSeq = 0;
  /** True while the dispatcher may post. */
  #within = false;
  /** True if the dispatcher has called for the quarantine since that was open. */
  #isCalled = false;

  constructor(workers: number, scopes: number, maxAttempts = 3) {
    const table = new ShardTable(workers);
    this.quarantine = workers;
    this.#maxAttempts = maxAttempts;
    this.#open = new Array<boolean>(workers + 1).fill(false);
    // Two scopes to a shard, as a chat and a business connection's copy of it are.
    this.scopes = Array.from({ length: scopes }, (_, i) => {
      const shard = shardOf(1 + Math.floor(i / 2) * 7919, SHARDS);
      const home = table.workerOf(shard);
      return {
        ...{ key: `chat:${i}`, shard, home, worker: home, window: FIRST_WINDOW, isRevoked: false, isProven: false },
        resting: undefined,
        unsettled: [],
        posted: new Set(),
        kept: new Set(),
        passedOver: new Map(),
      };
    });
    this.dispatcher = new Dispatcher({
      workers,
      maxAttempts,
      ...UNBOUNDED,
      post: (worker, event, alone) => this.#posted(worker, event, alone),
      deadLetter: (worker, { seq }) => this.#deadLetters.push([worker, seq]),
      suspected: () => {
        assert.ok(!this.#open[this.quarantine] && !this.#closed);
        this.#isCalled = true;
      },
      readAhead: () => assert.fail("all bodies are in memory"),
      holdsUp: (worker, { seq }) => {
        assert.ok(!this.#onTheirWay.has(seq), "an event that is on its way holds up others");
        assert.ok(worker === this.quarantine && this.#atHand(worker).includes(seq) && !this.#told.has(seq));
        this.#told.add(seq);
      },
      accompanied: ({ seq }) => {
        this.#accompanied.push(seq);
        if (seq !== this.#alone) return;
        assert.ok(this.#isTooSlow, "a suspect makes way although none waits that is quicker");
        this.#yield(seq);
      },
      // Some suspects come in one turn, some in another.
      now: () => (this.#clock += SUSPECTS_TURN / 3),
    });
    assert.equal(this.dispatcher.quarantine, workers);
    this.dispatcher.trySuspects();
  }

  /** An inbox delivers nothing of a shard while that is taken away. */
  received(scope: Scope, count: number, attempts = 0): void {
    if (scope.isRevoked) return;
    for (let i = 0; i < count; i++) {
      const seq = ++this.#lastSeq;
      if (scope.unsettled.length === 0) scope.worker = this.#quarantined.has(scope) ? this.quarantine : scope.home;
      scope.unsettled.push(seq);
      if (scope.posted.size === 0 && (attempts >= 2 || (scope.unsettled.length === 1 && this.#doubts(scope)))) {
        this.#suspects.add(seq);
        this.#place(scope);
      }
      this.#attempts.set(seq, attempts);
      this.#deaths.set(seq, 0);
      const arrival = { ...NEW, seq, attempts, body: `body ${seq}`, scope: scope.key, shard: scope.shard };
      this.#do(() => this.dispatcher.received(arrival));
    }
  }

  /** The worker takes some of its events, and is said to take others. */
  taken(worker: number, choose: (posted: number[]) => number[]): void {
    const seqs = choose(this.#postedAt(worker));
    for (const seq of seqs) this.#onTheirWay.delete(seq);
    this.#do(() => this.dispatcher.taken(worker, [-1, ...seqs, ...seqs.slice(0, 2)]));
  }

  /** Settles some of the worker's events, in any order, and numbers that mean nothing to it. */
  settled(worker: number, choose: (posted: number[]) => number[]): void {
    const chosen = choose(this.#postedAt(worker));
    for (const seq of chosen) {
      const scope = this.#scopeOf(seq);
      scope.window = Math.min(PER_SCOPE, 2 * scope.window);
      scope.isProven = true;
    }
    const seqs = this.#gone(worker, () => chosen);
    const others = this.#of(worker).flatMap(({ unsettled, posted }) => unsettled.filter((seq) => !posted.has(seq)));
    this.#do(() => this.dispatcher.settled(worker, [-1, ...others.slice(0, 2), ...seqs, ...seqs.slice(0, 2)]));
  }

  /** The application goes on, while it has open work at these events. */
  kept(worker: number, choose: (posted: number[]) => number[]): void {
    for (const seq of choose(this.#atHand(worker))) {
      this.taken(worker, () => [seq]);
      const scope = this.#scopeOf(seq);
      this.#endRest(scope, seq);
      scope.kept.add(seq);
      this.#suspects.delete(seq);
      this.#guesses.delete(seq);
      const wasAlone = seq === this.#alone;
      if (wasAlone) this.#alone = undefined;
      this.#told.delete(seq);
      if (!this.#couldBeServed(scope)) scope.passedOver.clear();
      this.#accompanied = [];
      this.#do(() => this.dispatcher.kept(worker, seq));
      this.#do(() => this.dispatcher.kept(worker, seq));
      assert.equal(this.#accompanied.includes(seq), wasAlone);
    }
  }

  /** The application is to try these events again later. */
  triedAgain(worker: number, choose: (posted: number[]) => number[]): void {
    for (const seq of [...choose(this.#atHand(worker)), -1]) {
      const scope = this.#scopeOf(seq);
      if (scope !== undefined && scope.resting === undefined && seq !== this.#alone) {
        const atHand = this.#atHand(worker).filter((one) => scope.posted.has(one) && one !== this.#alone);
        for (const one of atHand) this.#resting.add(one);
        scope.resting = seq;
        scope.passedOver.clear();
      }
      this.#do(() => this.dispatcher.triedAgain(worker, seq));
    }
  }

  #endRest(scope: Scope, seq: number): void {
    if (scope.resting === seq) {
      scope.resting = undefined;
      for (const one of scope.posted) this.#resting.delete(one);
    }
    this.#resting.delete(seq);
  }

  /** These events have not killed the quarantine for a moment. */
  share(choose: ChooseSome): void {
    for (const seq of [...choose(this.#postedAt(this.quarantine)), -1]) {
      const isTaken = !this.#onTheirWay.has(seq);
      if (seq === this.#alone) this.#isShared ||= isTaken;
      else if (isTaken && this.#atHand(this.quarantine).includes(seq)) this.#survivors.add(seq);
      this.#do(() => this.dispatcher.share(this.quarantine, seq));
    }
  }

  /** These events have not killed the quarantine for a while. */
  makeWay(choose: ChooseSome): void {
    for (const seq of [...choose(this.#postedAt(this.quarantine)), -1]) {
      const isTaken = !this.#onTheirWay.has(seq);
      const isOver = seq === this.#alone && isTaken && this.#suspectThatCouldBeServed !== undefined;
      this.#told.delete(seq);
      if (isOver) this.#yield(seq);
      this.#accompanied = [];
      this.#do(() => this.dispatcher.makeWay(this.quarantine, seq));
      assert.equal(this.#accompanied.includes(seq), isOver);
    }
  }

  /** The suspect at hand makes way for others. */
  #yield(seq: number): void {
    this.#told.delete(seq);
    this.#suspects.delete(seq);
    this.#guesses.delete(seq);
    this.#survivors.add(seq);
    this.#alone = undefined;
  }

  /** True if the suspect at hand shares the quarantine, and will hold up others for longer than one that waits. */
  get #isTooSlow(): boolean {
    if (this.#alone === undefined || !this.#isShared) return false;
    const time = (seq: number, attempts: number) => Math.max(this.#deaths.get(seq)!, attempts - 3, 0);
    const own = time(this.#alone, this.#attempts.get(this.#alone)!);
    const next = this.#suspectsThatCouldBeServed.map(({ unsettled, posted }) => unsettled[posted.size]!);
    return next.some((seq) => time(seq, this.#attempts.get(seq)! + 1) < own);
  }

  /** One of its events took too long, and the worker was ended for it. */
  overdue(worker: number, choose: Choose): void {
    const seq = choose(this.#postedAt(worker));
    if (seq !== undefined) this.#gone(worker, () => [seq]);
    this.#deadLetters.length = 0;
    this.#ended(worker);
    this.#do(() => this.dispatcher.overdue(worker, seq ?? -1));
    assert.deepEqual(this.#deadLetters, seq === undefined ? [] : [[worker, seq]]);
  }

  refused(worker: number, choose: (posted: number[]) => number[]): void {
    const seqs = this.#gone(worker, choose);
    this.#do(() => this.dispatcher.refused(worker, [-1, ...seqs, ...seqs.slice(0, 2)]));
  }

  workerReady(worker: number): void {
    this.#open[worker] = !this.#closed;
    if (worker === this.quarantine) this.#isCalled = false;
    this.#do(() => this.dispatcher.workerReady(worker));
  }

  workerPaused(worker: number): void {
    this.#open[worker] = false;
    // A worker is paused only to be ended, which calls for another one.
    if (worker === this.quarantine) this.#isCalled = true;
    this.#do(() => this.dispatcher.workerPaused(worker));
  }

  workerDied(worker: number, chooseNamed: Choose = () => undefined, chooseGuesses: ChooseSome = () => []): void {
    const posted = this.#postedAt(worker).sort((one, other) => one - other);
    const [named, guessed] = [chooseNamed(posted), chooseGuesses(posted)];
    const tried = worker === this.quarantine ? this.#alone : undefined;
    const certain = named ?? (this.#isShared ? undefined : tried);
    const likely = guessed.length === 0 && tried !== undefined ? [tried] : guessed;
    const blamed = certain === undefined ? likely : [certain];
    if (certain === undefined) {
      const guesses = blamed.filter((seq) => !this.#suspects.has(seq));
      for (const seq of guesses) this.#guesses.set(seq, guesses);
    } else this.#acquit(certain);
    this.#isWary = true;
    for (const seq of blamed) {
      this.#deaths.set(seq, this.#deaths.get(seq)! + 1);
      this.#suspects.add(seq);
    }
    if (certain === undefined) {
      if (blamed.length === 0)
        for (const seq of posted) if (this.#attempts.get(seq)! >= INTERRUPTED) this.#suspects.add(seq);
    }
    const isDeadly = certain !== undefined && this.#deaths.get(certain)! >= this.#maxAttempts;
    if (isDeadly) this.#over(this.#scopeOf(certain), certain);
    this.#ended(worker);
    if (certain === undefined) this.#doubtScopesOf(worker);
    this.#deadLetters.length = 0;
    this.#do(() => assert.deepEqual(this.dispatcher.workerDied(worker, { named, guessed }), blamed));
    assert.deepEqual(this.#deadLetters, isDeadly ? [[worker, certain]] : []);
  }

  /** The first events of scopes that have settled none are tried in quarantine, those that have waited longest. */
  #doubtScopesOf(worker: number): void {
    const waiting = this.#of(worker).filter(({ unsettled }) => unsettled.length > 0);
    for (const scope of waiting.sort((one, other) => one.unsettled[0]! - other.unsettled[0]!)) {
      if (!this.#doubts(scope)) continue;
      this.#suspects.add(scope.unsettled[0]!);
      this.#place(scope);
    }
  }

  trust(): void {
    this.#isWary = false;
    this.#do(() => this.dispatcher.trust());
  }

  workerDrained(worker: number, chooseUnseen: (posted: number[]) => number[]): void {
    const unseen = chooseUnseen(this.#postedAt(worker).sort((one, other) => one - other));
    for (const seq of unseen) this.#attempts.set(seq, this.#attempts.get(seq)! - 1);
    this.#ended(worker);
    this.#do(() => this.dispatcher.workerDrained(worker, [-1, ...unseen]));
  }

  revoke(shard: number): void {
    const scopes = this.scopes.filter((scope) => scope.shard === shard && !scope.isRevoked);
    if (scopes.length === 0) return;
    for (const scope of scopes) {
      scope.unsettled = [...scope.posted];
      scope.isRevoked = true;
      this.#checkEmpty(scope);
      scope.passedOver.clear();
    }
    this.#do(() => assert.equal(this.dispatcher.revoke(shard), scopes[0]!.home));
  }

  /** The shard's instances have ended; it may be assigned to this process again. */
  revoked(shard: number): void {
    const scopes = this.scopes.filter((scope) => scope.shard === shard && scope.isRevoked);
    if (scopes.length === 0) return;
    for (const scope of scopes) for (const seq of [...scope.posted]) this.#over(scope, seq);
    for (const scope of scopes) scope.isRevoked = false;
    this.#do(() => this.dispatcher.revoked(shard));
  }

  close(): void {
    this.#closed = true;
    this.#open.fill(false);
    this.#do(() => this.dispatcher.close());
  }

  #of(worker: number): Scope[] {
    return this.scopes.filter((scope) => scope.worker === worker);
  }

  #scopeOf(seq: number): Scope {
    return this.scopes.find(({ unsettled }) => unsettled.includes(seq))!;
  }

  #onTheirWayTo(worker: number): number {
    return this.#postedAt(worker).filter((seq) => this.#onTheirWay.has(seq)).length;
  }

  #postedAt(worker: number): number[] {
    return this.#of(worker).flatMap(({ posted }) => [...posted]);
  }

  /** The posted events that are not kept. */
  #atHand(worker: number): number[] {
    const isAtHand = ({ kept }: Scope, seq: number) =>
      !kept.has(seq) && !this.#survivors.has(seq) && !this.#resting.has(seq);
    return this.#of(worker).flatMap((scope) => [...scope.posted].filter((seq) => isAtHand(scope, seq)));
  }

  /** Some of the worker's posted events are over. */
  #gone(worker: number, choose: (posted: number[]) => number[]): number[] {
    const seqs = choose(this.#postedAt(worker));
    for (const seq of seqs) this.#over(this.#scopeOf(seq), seq);
    return seqs;
  }

  #over(scope: Scope, seq: number): void {
    this.#endRest(scope, seq);
    scope.posted.delete(seq);
    scope.kept.delete(seq);
    this.#onTheirWay.delete(seq);
    this.#survivors.delete(seq);
    this.#told.delete(seq);
    this.#suspects.delete(seq);
    if (seq === this.#alone) this.#alone = undefined;
    scope.unsettled.splice(scope.unsettled.indexOf(seq), 1);
    this.#checkEmpty(scope);
    if (!this.#couldBeServed(scope)) scope.passedOver.clear();
  }

  /** Events that were guessed together with the culprit are no suspects. */
  #acquit(culprit: number): void {
    const guesses = this.#guesses.get(culprit) ?? [];
    for (const seq of guesses) {
      if (seq === culprit || this.#guesses.get(seq) !== guesses) continue;
      this.#guesses.delete(seq);
      this.#suspects.delete(seq);
    }
  }

  #checkEmpty(scope: Scope): void {
    if (scope.unsettled.length === 0) scope.window = FIRST_WINDOW;
  }

  /** The worker is gone: its events wait again, and the instances of its scopes are gone. */
  #ended(worker: number): void {
    this.#open[worker] = false;
    const scopes = this.#of(worker).filter(({ posted }) => worker === this.quarantine || posted.size > 0);
    if (worker === this.quarantine) {
      this.#quarantined.clear();
      this.#alone = undefined;
      this.#isCalled = false;
    }
    for (const scope of scopes) {
      if (scope.isRevoked) for (const seq of [...scope.posted]) this.#over(scope, seq);
      scope.passedOver.clear();
      for (const seq of scope.posted) {
        this.#onTheirWay.delete(seq);
        this.#survivors.delete(seq);
        this.#resting.delete(seq);
        this.#told.delete(seq);
      }
      scope.resting = undefined;
      scope.posted.clear();
      scope.kept.clear();
      this.#place(scope);
    }
  }

  #place(scope: Scope): void {
    if (scope.unsettled.some((seq) => this.#suspects.has(seq))) this.#quarantined.add(scope);
    scope.worker = this.#quarantined.has(scope) ? this.quarantine : scope.home;
    scope.passedOver.clear();
  }

  #do(step: () => void): void {
    this.#within = true;
    step();
    this.#within = false;
    const unsettled = this.scopes.reduce((sum, scope) => sum + scope.unsettled.length, 0);
    assert.equal(this.dispatcher.unsettled, unsettled);
    const posted = this.scopes.reduce((sum, scope) => sum + scope.posted.size, 0);
    assert.equal(this.dispatcher.postedCount, posted);
    for (const [worker, open] of this.#open.entries()) if (open) this.#assertBusy(worker);
    assert.ok(!this.#isTooSlow, "a suspect that will hold up others for longer does not make way");
    const waits = this.#of(this.quarantine).some((scope) => this.#couldBeServed(scope));
    if (waits && !this.#open[this.quarantine] && !this.#closed) assert.ok(this.#isCalled);
    assert.equal(this.dispatcher.needsQuarantine, waits || this.#postedAt(this.quarantine).length > 0);
    assert.deepEqual(
      this.#obstacles.filter((seq) => !this.#told.has(seq)),
      [],
      "an event holds up others and is not told",
    );
  }

  /** The suspect at hand if others wait, or what is at hand while a suspect waits. */
  get #obstacles(): number[] {
    const taken = (seqs: number[]) => seqs.filter((seq) => !this.#onTheirWay.has(seq));
    if (this.#alone !== undefined) return this.#othersWait ? taken([this.#alone]) : [];
    return this.#suspectThatCouldBeServed === undefined ? [] : taken(this.#atHand(this.quarantine));
  }

  /** True if a scope could be served, but for that of the suspect at hand. */
  get #othersWait(): boolean {
    const scope = this.#scopeOf(this.#alone ?? -1);
    return this.#of(this.quarantine).some((other) => other !== scope && this.#couldBeServed(other));
  }

  /** Nothing waits that could be posted. */
  #assertBusy(worker: number): void {
    const atHand = this.#atHand(worker).length;
    const isQuarantine = worker === this.quarantine;
    if (this.#onTheirWayTo(worker) === ON_THEIR_WAY) return;
    if (isQuarantine && this.#alone === undefined && this.#suspectThatCouldBeServed !== undefined) {
      return assert.ok(atHand > 0, "a suspect waits although the quarantine has nothing");
    }
    if ((isQuarantine && this.#alone !== undefined && !this.#isShared) || atHand === PER_WORKER) return;
    for (const scope of this.#of(worker)) {
      if (isQuarantine && this.#isSuspected(scope)) continue;
      assert.ok(!this.#couldBeServed(scope), `${scope.key} waits although its worker has room`);
    }
  }

  #posted(worker: number, { seq, attempts, body }: Arrival, alone: boolean): void {
    assert.ok(this.#within, "posted without a cause");
    assert.ok(this.#open[worker], `posted to worker ${worker}, which is not open`);
    const scope = this.#scopeOf(seq);
    assert.ok(scope, `posted ${seq}, which is gone`);
    assert.ok(!scope.isRevoked, `posted ${seq}, whose shard is taken away`);
    assert.equal(worker, scope.worker);
    assert.equal(body, `body ${seq}`);
    assert.ok(!scope.posted.has(seq), `posted ${seq} twice`);
    assert.equal(seq, scope.unsettled[scope.posted.size], "not the next in its line");
    assert.equal(attempts, this.#attempts.get(seq)! + 1);
    this.#attempts.set(seq, attempts);
    assert.equal(alone, this.#suspects.has(seq));
    const mayBeBeside = this.#alone === undefined || (this.#isShared && !alone);
    if (worker === this.quarantine) assert.ok(mayBeBeside, "posted beside a suspect");
    if (alone) {
      assert.equal(worker, this.quarantine, "a suspect outside of the quarantine");
      assert.deepEqual(this.#atHand(worker), [], "a suspect was posted beside others");
      this.#alone = seq;
      this.#isShared = false;
      this.#guests.clear();
    } else {
      const isBetween =
        worker === this.quarantine && this.#alone === undefined && this.#suspectThatCouldBeServed !== undefined;
      if (isBetween) {
        assert.ok(!this.#guests.has(scope), "a scope is served twice before a suspect");
        this.#guests.add(scope);
      } else this.#assertFair(scope);
    }
    scope.posted.add(seq);
    this.#onTheirWay.add(seq);
    scope.passedOver.clear();
    assert.deepEqual(this.dispatcher.posted(worker, seq)?.body, body);
    assert.ok(scope.posted.size - scope.kept.size <= scope.window, `${scope.posted.size} events of one scope`);
    assert.ok(this.#atHand(worker).length <= PER_WORKER, "too many for one worker");
    assert.ok(this.#onTheirWayTo(worker) <= ON_THEIR_WAY, "too many on their way to one worker");
  }

  #assertFair(scope: Scope): void {
    for (const other of this.#of(scope.worker)) {
      if (other === scope || !this.#couldBeServed(other)) continue;
      // Suspects wait for the one at hand.
      if (this.#alone !== undefined && this.#isSuspected(other)) continue;
      const times: number = (other.passedOver.get(scope) ?? 0) + 1;
      assert.ok(times <= 1, `${scope.key} was served ${times} times while ${other.key} waited`);
      other.passedOver.set(scope, times);
    }
  }

  /** True if the scope's events are tried in quarantine, although nothing is known against them. */
  #doubts({ isProven, worker }: Scope): boolean {
    const { length } = this.#suspectsThatCouldBeServed;
    return this.#isWary && !isProven && worker !== this.quarantine && length < DOUBTED;
  }

  #isSuspected({ unsettled, posted }: Scope): boolean {
    return this.#suspects.has(unsettled[posted.size] ?? -1);
  }

  get #suspectsThatCouldBeServed(): Scope[] {
    return this.#of(this.quarantine).filter((scope) => this.#isSuspected(scope) && this.#couldBeServed(scope));
  }

  get #suspectThatCouldBeServed(): Scope | undefined {
    return this.#suspectsThatCouldBeServed[0];
  }

  #couldBeServed({ unsettled, posted, kept, window, resting }: Scope): boolean {
    const next = unsettled[posted.size];
    if (next === undefined || kept.size >= PER_SCOPE || resting !== undefined) return false;
    return posted.size - kept.size < (this.#suspects.has(next) ? 1 : window);
  }
}

// ---- any interleaving ------------------------------------------------------------------------------------------------

type Step =
  | { do: "received"; scope: number; count: number; attempts: number }
  | { do: "taken" | "settled" | "refused" | "kept" | "triedAgain"; worker: number; share: number; backwards: boolean }
  | { do: "workerReady" | "workerPaused"; worker: number }
  | {
      do: "workerDied" | "overdue";
      worker: number;
      culprit: number | undefined;
      guesses: number[];
    }
  | { do: "workerDrained"; worker: number; share: number }
  | { do: "revoke" | "revoked"; scope: number }
  | { do: "share" | "makeWay"; which: number[] }
  | { do: "trust" }
  | { do: "close" };

/** The quarantine is the last one. */
const worker = fc.nat({ max: 3 });
const culprit = fc.option(fc.nat(), { nil: undefined });
const receives = {
  do: fc.constant("received" as const),
  attempts: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
};
const settles = {
  do: fc.constant("settled" as const),
  worker,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  backwards: fc.boolean(),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ ...receives, scope: fc.nat(99), count: fc.nat(120) }) },
  { weight: 8, arbitrary: fc.record(settles) },
  { weight: 8, arbitrary: fc.record({ ...settles, do: fc.constant("taken" as const) }) },
  { weight: 1, arbitrary: fc.record({ ...settles, do: fc.constant("refused" as const) }) },
  { weight: 3, arbitrary: fc.record({ ...settles, do: fc.constant("kept" as const) }) },
  { weight: 2, arbitrary: fc.record({ ...settles, do: fc.constant("triedAgain" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("workerDied" as const, "overdue" as const),
      worker,
      culprit,
      guesses: fc.array(fc.nat(), { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("workerPaused" as const), worker }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("trust" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("share" as const, "makeWay" as const),
      which: fc.array(fc.nat(), { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...settles, do: fc.constant("workerDrained" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("workerReady" as const), worker }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("revoke" as const, "revoked" as const), scope: fc.nat(9) }) },
);

function carryOut(model: Model, step: Step): void {
  const scopeAt = (index: number) => model.scopes[index % model.scopes.length]!;
  const workerAt = (index: number) => index % (model.quarantine + 1);
  const one = (index: number | undefined) => (posted: number[]) => posted[(index ?? Number.NaN) % posted.length];
  const some = (indexes: number[]) => (posted: number[]) =>
    posted.length === 0 ? [] : [...new Set(indexes.map((index) => posted[index % posted.length]!))];
  switch (step.do) {
    case "received":
      return model.received(scopeAt(step.scope), step.count, step.attempts);
    case "taken":
    case "settled":
    case "refused":
    case "kept":
    case "triedAgain":
      return model[step.do](workerAt(step.worker), (posted) => {
        const chosen = posted.slice(0, Math.ceil(posted.length * step.share));
        return step.backwards ? chosen.reverse() : chosen;
      });
    case "workerReady":
    case "workerPaused":
      return model[step.do](workerAt(step.worker));
    case "workerDied":
      return model.workerDied(workerAt(step.worker), one(step.culprit), some(step.guesses));
    case "overdue":
      return model.overdue(workerAt(step.worker), one(step.culprit));
    case "workerDrained":
      return model.workerDrained(workerAt(step.worker), (posted) =>
        posted.slice(Math.floor(posted.length * step.share)),
      );
    case "revoke":
    case "revoked":
      return model[step.do](scopeAt(step.scope).shard);
    case "share":
    case "makeWay":
      return model[step.do](some(step.which));
    case "trust":
      return model.trust();
    case "close":
      return model.close();
  }
}

const workers = fc.integer({ min: 1, max: 3 });
const scopes = fc.integer({ min: 1, max: 100 });
const steps = fc.array(step, { maxLength: 120, size: "max" });

test("in any course of things, events are posted in order per scope, in turn, within bounds, once per life of a worker", async () => {
  await fc.assert(
    fc.asyncProperty(
      workers,
      scopes,
      steps,
      fc.integer({ min: 1, max: 4 }),
      async (workers, scopes, steps, attempts) => {
        const model = new Model(workers, scopes, attempts);
        for (const step of steps) carryOut(model, step);
        // Nothing is lost: with every worker ready, everything can be settled.
        for (let worker = 0; worker <= workers; worker++) model.workerReady(worker);
        for (const { shard } of model.scopes) model.revoked(shard);
        const idle = model.dispatcher.idle();
        while (model.dispatcher.unsettled > 0) {
          const before = model.dispatcher.unsettled;
          for (let worker = 0; worker <= workers; worker++) model.settled(worker, (posted) => posted);
          assert.ok(model.dispatcher.unsettled < before, "some events are never posted");
        }
        await idle;
      },
    ),
    { numRuns: 40 },
  );
});

test("the events of a scope stay one line when its culprit is a dead letter at once", () => {
  const model = new Model(1, 1, 1);
  model.workerReady(0);
  model.received(model.scopes[0]!, 2);
  model.workerDied(0, (posted) => posted[0]);
  model.received(model.scopes[0]!, 2);
  model.workerReady(0);
});

test("an event that is kept is no suspect when a suspect after it takes too long", () => {
  const model = new Model(1, 1);
  model.workerReady(0);
  model.received(model.scopes[0]!, 2, 2);
  model.kept(0, (atHand) => atHand);
  model.overdue(0, (posted) => posted.at(-1));
  model.workerReady(0);
});

test("scopes take turns at a worker that is full, however much arrives for them meanwhile", () => {
  const scope = fc.nat(39);
  const busy = fc.oneof(
    fc.record({ ...receives, attempts: fc.constant(0), scope, count: fc.constantFrom(1, 2, 40) }),
    fc.record({ ...settles, share: fc.constantFrom(0.001, 0.01, 0.1) }),
  );
  fc.assert(
    fc.property(fc.array(busy, { minLength: 20, maxLength: 200, size: "max" }), (steps) => {
      const model = new Model(1, 40);
      model.workerReady(0);
      for (const scope of model.scopes) model.received(scope, PER_SCOPE + 1);
      for (const step of steps) {
        carryOut(model, step);
        model.taken(0, (posted) => posted);
      }
    }),
    { numRuns: 10 },
  );
});

test("a closed dispatcher posts nothing in any course of things, and posted events can still be settled", () => {
  fc.assert(
    fc.property(workers, scopes, steps, steps, (workers, scopes, before, after) => {
      const model = new Model(workers, scopes);
      for (const step of [...before, { do: "close" } as const, ...after]) carryOut(model, step);
    }),
    { numRuns: 30 },
  );
});

// ---- one at a time ---------------------------------------------------------------------------------------------------

/**
 * A dispatcher, the events that it posted so far, and the numbers of its dead letters.
 * @param takes each worker takes its events at once
 */
function recorded({ workers = 1, maxAttempts = 3, takes = true } = {}) {
  const posted: EventItem[] = [];
  const deadLetters: number[] = [];
  const calls = { forQuarantine: 0 };
  const clock = { now: 0 };
  const dispatcher: Dispatcher = new Dispatcher({
    workers,
    maxAttempts,
    ...UNBOUNDED,
    post: (worker, { seq, attempts, body }) => {
      posted.push({ seq, attempt: attempts, body: body! });
      if (takes) dispatcher.taken(worker, [seq]);
    },
    deadLetter: (_, { seq }) => deadLetters.push(seq),
    suspected: () => {
      calls.forQuarantine += 1;
    },
    ...UNHEARD,
    now: () => clock.now,
  });
  return { dispatcher, posted, deadLetters, calls, clock };
}

/** Number of the quarantine where there is one worker. */
const QUARANTINE = 1;

/** Receives events of a scope, and settles the first ones: the scope may then have 32 posted at once. */
function flood({ dispatcher, posted }: ReturnType<typeof recorded>, scope: string, count: number): void {
  for (let i = 0; i < count + 5; i++) dispatcher.received(arrival(scope));
  for (let i = 0; i < 5; i++) {
    const first = posted.findIndex((event) => dispatcher.posted(0, event.seq)?.scope === scope);
    dispatcher.settled(0, [posted.splice(first, 1)[0]!.seq]);
  }
}

/** Opens the worker, and has each scope settle an event. */
function known(
  { dispatcher, posted }: Pick<ReturnType<typeof recorded>, "dispatcher" | "posted">,
  scopes: string,
): void {
  dispatcher.workerReady(0);
  for (const scope of scopes) dispatcher.received(arrival(scope));
  dispatcher.settled(0, seqsOf(posted.splice(0)));
}

let lastSeq = 0;

function arrival(scope: string, body = "{}"): Arrival {
  return { ...NEW, seq: ++lastSeq, body, scope, shard: 158 };
}

const seqsOf = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);

describe("an event that is kept", () => {
  test("does not hold back its line or its worker, and is settled later", () => {
    const it = recorded();
    const { dispatcher, posted } = it;
    dispatcher.workerReady(0);
    flood(it, "a", PER_SCOPE + 1);
    assert.equal(posted.length, PER_SCOPE);
    dispatcher.kept(0, posted[0]!.seq);
    assert.equal(posted.length, PER_SCOPE + 1);
    dispatcher.settled(0, seqsOf(posted));
    assert.equal(dispatcher.unsettled, 0);
  });

  test("is one of 32 at most of its line: then the line waits", () => {
    const it = recorded();
    const { dispatcher, posted } = it;
    dispatcher.workerReady(0);
    flood(it, "a", 2 * PER_SCOPE + 2);
    for (let i = 0; i < PER_SCOPE; i++) dispatcher.kept(0, posted[i]!.seq);
    const before = posted.length;
    assert.equal(before, 2 * PER_SCOPE - 1);
    dispatcher.settled(0, [posted[PER_SCOPE]!.seq]);
    assert.equal(posted.length, before);
    dispatcher.settled(0, [posted[0]!.seq]);
    assert.ok(posted.length > before);
  });

  test("comes again after a death, before the events that came later", () => {
    const { dispatcher, posted } = recorded();
    known({ dispatcher, posted }, "a");
    for (let i = 0; i < 2; i++) dispatcher.received(arrival("a"));
    const seqs = seqsOf(posted);
    dispatcher.kept(0, seqs[0]!);
    dispatcher.workerDied(0);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted).slice(2), seqs);
  });

  test("is a suspect no more: the next event comes beside it, in quarantine", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (let i = 0; i < 2; i++) dispatcher.received(arrival("a"));
    const seqs = seqsOf(posted);
    dispatcher.workerDied(0, { named: seqs[0] });
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted).slice(2), [seqs[0]]);
    dispatcher.kept(QUARANTINE, seqs[0]!);
    assert.deepEqual(seqsOf(posted).slice(2), seqs);
  });
});

describe("an event that is tried again later", () => {
  test("leaves its worker's room to others, with those that wait behind it there; its line goes on when it is settled", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (let i = 0; i < PER_WORKER; i++) for (let j = 0; j < 3; j++) dispatcher.received(arrival(`scope ${i}`));
    for (let i = 0; i < PER_WORKER; i++) dispatcher.triedAgain(0, posted.filter((_, place) => place % 2 === 0)[i]!.seq);
    const quiet = arrival("quiet");
    dispatcher.received(quiet);
    assert.equal(posted.at(-1)!.seq, quiet.seq);
    const { scope } = dispatcher.posted(0, posted[0]!.seq)!;
    const before = posted.length;
    dispatcher.triedAgain(0, posted[0]!.seq);
    assert.equal(posted.length, before);
    dispatcher.settled(0, [posted[0]!.seq]);
    assert.equal(dispatcher.posted(0, posted.at(-1)!.seq)!.scope, scope);
  });

  test("holds up its line no longer when the application goes on once more while work is open", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const [first, next] = [arrival("a"), arrival("a")];
    dispatcher.received(first);
    dispatcher.kept(0, first.seq);
    dispatcher.triedAgain(0, first.seq);
    dispatcher.received(next);
    assert.deepEqual(seqsOf(posted), [first.seq]);
    dispatcher.kept(0, first.seq);
    assert.deepEqual(seqsOf(posted), [first.seq, next.seq]);
  });

  test("is posted with its line again when its worker has ended", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (let i = 0; i < 3; i++) dispatcher.received(arrival("a"));
    const [first, second] = seqsOf(posted.splice(0));
    dispatcher.triedAgain(0, first!);
    dispatcher.workerDrained(0, []);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), [first, second]);
  });
});

test("an event that timed out is a dead letter at once, and no other event of its worker counts a death", () => {
  const { dispatcher, posted, deadLetters } = recorded({ maxAttempts: 1 });
  dispatcher.workerReady(0);
  const [slow, other] = [arrival("a"), arrival("b")];
  dispatcher.received(slow);
  dispatcher.received(other);
  dispatcher.overdue(0, slow.seq);
  assert.deepEqual(deadLetters, [slow.seq]);
  assert.equal(other.deaths, 0);
  dispatcher.workerReady(0);
  assert.deepEqual(seqsOf(posted), [slow.seq, other.seq, other.seq]);
});

describe("posting", () => {
  test("an event waits until its worker is ready", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.received(arrival("a"));
    assert.equal(posted.length, 0);
    dispatcher.workerReady(0);
    assert.equal(posted.length, 1);
  });

  test("an event goes to the worker of its scope's shard", () => {
    const table = new ShardTable(5);
    const workers = new Map<number, number>();
    const dispatcher: Dispatcher = new Dispatcher({
      workers: 5,
      maxAttempts: 3,
      ...UNBOUNDED,
      post: (worker, { seq }) => {
        workers.set(seq, worker);
        dispatcher.taken(worker, [seq]);
      },
      deadLetter: () => assert.fail(),
      suspected: () => assert.fail(),
      ...UNHEARD,
    });
    for (let worker = 0; worker < 5; worker++) dispatcher.workerReady(worker);
    for (let shard = 0; shard < SHARDS; shard++) {
      dispatcher.received({ ...NEW, seq: shard, body: "", scope: `user:${shard}`, shard });
    }
    for (const [shard, worker] of workers) assert.equal(worker, table.workerOf(shard));
    assert.equal(workers.size, SHARDS);
    assert.equal(new Set(workers.values()).size, 5);
  });

  test("one scope's flood does not hold back another", () => {
    const it = recorded();
    const { dispatcher, posted } = it;
    dispatcher.workerReady(0);
    flood(it, "flood", 5000);
    assert.equal(posted.length, PER_SCOPE);
    const quiet = arrival("quiet");
    dispatcher.received(quiet);
    assert.equal(posted.at(-1)!.seq, quiet.seq);
  });

  test("a newcomer gets the first place that a full worker has to give", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (let scope = 0; scope < PER_WORKER / FIRST_WINDOW; scope++) {
      for (let i = 0; i < FIRST_WINDOW; i++) dispatcher.received(arrival(`scope ${scope}`));
    }
    assert.equal(posted.length, PER_WORKER);
    const newcomer = arrival("newcomer");
    dispatcher.received(newcomer);
    for (let i = 0; i < 500; i++) dispatcher.received(arrival("scope 0"));
    dispatcher.settled(0, [posted[0]!.seq]);
    assert.equal(posted.at(-1)!.seq, newcomer.seq);
  });

  test("a worker has 32 events on their way, and gets another for each one that it takes", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    dispatcher.workerReady(0);
    for (let i = 0; i < 3 * ON_THEIR_WAY; i++) dispatcher.received(arrival(`scope ${i}`));
    assert.equal(posted.length, ON_THEIR_WAY);
    dispatcher.taken(0, seqsOf(posted.slice(0, 5)));
    assert.equal(posted.length, ON_THEIR_WAY + 5);
    dispatcher.taken(0, seqsOf(posted.slice(0, 5)));
    assert.equal(posted.length, ON_THEIR_WAY + 5, "they were taken before");
    dispatcher.taken(0, seqsOf(posted));
    assert.equal(posted.length, 2 * ON_THEIR_WAY + 5);
  });

  test("an event that is taken and goes on for long leaves its place on the way to another", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    dispatcher.workerReady(0);
    for (let i = 0; i < 2 * ON_THEIR_WAY; i++) dispatcher.received(arrival(`scope ${i}`));
    dispatcher.taken(0, seqsOf(posted));
    assert.equal(dispatcher.postedCount, 2 * ON_THEIR_WAY);
  });

  test("nothing is on its way to a worker that was replaced: the next one gets 32 events", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    dispatcher.workerReady(0);
    for (let i = 0; i < 2 * ON_THEIR_WAY; i++) dispatcher.received(arrival(`scope ${i}`));
    dispatcher.workerDrained(0, seqsOf(posted.splice(0)));
    dispatcher.workerReady(0);
    assert.equal(posted.length, ON_THEIR_WAY);
  });

  test("an event that the inbox refuses is not on its way", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    dispatcher.workerReady(0);
    for (let i = 0; i < 2 * ON_THEIR_WAY; i++) dispatcher.received(arrival(`scope ${i}`));
    dispatcher.refused(0, seqsOf(posted));
    assert.equal(posted.length, 2 * ON_THEIR_WAY);
  });

  test("a scope whose application settles nothing has two events posted, and more after each settlement", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (let i = 0; i < 200; i++) dispatcher.received(arrival("a"));
    const windows = Array.from({ length: 6 }, () => {
      const window = dispatcher.postedCount;
      dispatcher.settled(0, [posted.shift()!.seq]);
      return window;
    });
    assert.deepEqual(windows, [2, 4, 8, 16, 32, 32]);
  });

  test("attempts of earlier processes count, too", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    dispatcher.received({ ...arrival("a"), attempts: 1 });
    assert.equal(posted[0]!.attempt, 2);
  });

  test("a paused worker gets nothing until it is ready again", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const [first, second] = [arrival("a"), arrival("b")];
    dispatcher.received(first);
    dispatcher.workerPaused(0);
    dispatcher.received(second);
    dispatcher.settled(0, [first.seq]);
    assert.deepEqual(seqsOf(posted), [first.seq]);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), [first.seq, second.seq]);
  });

  test("a worker that is ready after close() gets nothing", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.received(arrival("a"));
    dispatcher.close();
    dispatcher.workerReady(0);
    assert.equal(posted.length, 0);
    assert.equal(dispatcher.unsettled, 1);
  });

  test("posted() finds an event at the worker that holds it, and nowhere else", () => {
    const { dispatcher } = recorded({ workers: 2 });
    const event = arrival("a");
    const table = new ShardTable(2);
    const worker = table.workerOf(event.shard);
    dispatcher.received(event);
    assert.equal(dispatcher.posted(worker, event.seq), undefined);
    dispatcher.workerReady(worker);
    assert.equal(dispatcher.posted(worker, event.seq), event);
    assert.equal(dispatcher.posted(1 - worker, event.seq), undefined);
    dispatcher.settled(worker, [event.seq]);
    assert.equal(dispatcher.posted(worker, event.seq), undefined);
  });
});

describe("a worker that died", () => {
  /** A dispatcher whose worker had four events. */
  function withFour(options: { maxAttempts?: number } = {}) {
    const it = recorded(options);
    known(it, "abcd");
    const events = ["a", "a", "b", "c"].map((scope) => arrival(scope));
    for (const event of events) it.dispatcher.received(event);
    it.posted.length = 0;
    return { ...it, events, deaths: () => events.map(({ deaths }) => deaths) };
  }

  test("its named culprit alone counts a death, and goes to quarantine with its line; the rest is posted again at once", () => {
    const { dispatcher, posted, calls, events, deaths } = withFour();
    assert.deepEqual(dispatcher.workerDied(0, { named: events[0]!.seq, guessed: [events[3]!.seq] }), [events[0]!.seq]);
    assert.deepEqual(deaths(), [1, 0, 0, 0]);
    assert.ok(calls.forQuarantine > 0);
    const later = [arrival("d"), arrival("a")];
    for (const event of later) dispatcher.received(event);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted.splice(0)), seqsOf([events[2]!, events[3]!, later[0]!]));
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(posted.splice(0), [{ seq: events[0]!.seq, attempt: 2, body: "{}" }]);
    dispatcher.settled(QUARANTINE, [events[0]!.seq]);
    assert.deepEqual(seqsOf(posted), seqsOf([events[1]!, later[1]!]));
  });

  test("a guess goes to quarantine, and is no dead letter before it was alone", () => {
    const { dispatcher, deadLetters, events, deaths } = withFour({ maxAttempts: 1 });
    assert.deepEqual(dispatcher.workerDied(0, { guessed: [events[2]!.seq] }), [events[2]!.seq]);
    assert.deepEqual([deaths(), deadLetters], [[0, 0, 1, 0], []]);
    dispatcher.workerReady(QUARANTINE);
    dispatcher.workerDied(QUARANTINE);
    assert.deepEqual(deadLetters, [events[2]!.seq]);
  });

  test("a suspect that is not the first of its line calls for the quarantine, too", () => {
    const { dispatcher, posted, calls, events } = withFour();
    assert.deepEqual(dispatcher.workerDied(0, { guessed: [events[1]!.seq] }), [events[1]!.seq]);
    assert.ok(calls.forQuarantine > 0);
    assert.equal(dispatcher.needsQuarantine, true);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[0]!.seq]);
    dispatcher.settled(QUARANTINE, [events[0]!.seq]);
    assert.deepEqual(seqsOf(posted), [events[1]!.seq]);
  });

  test("several guesses are tried one after another; those that are survived go on without blame", () => {
    const { dispatcher, posted, deadLetters, events, clock } = withFour({ maxAttempts: 2 });
    const guessed = [events[0]!.seq, events[2]!.seq];
    assert.deepEqual(dispatcher.workerDied(0, { guessed }), guessed);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[0]!.seq]);
    clock.now += SUSPECTS_TURN;
    dispatcher.settled(QUARANTINE, [events[0]!.seq]);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[1]!.seq], "each line has a turn before the next suspect");
    dispatcher.settled(QUARANTINE, [events[1]!.seq]);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[2]!.seq]);
    dispatcher.workerDied(QUARANTINE);
    assert.deepEqual(deadLetters, [events[2]!.seq]);
  });

  test("if one of several guesses is the culprit, the others go back to their worker, without a trial", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    for (const scope of ["a", "b", "c"]) dispatcher.received(arrival(scope));
    const seqs = seqsOf(posted);
    const [culprit, ...others] = seqs as [number, number, number];
    dispatcher.workerDied(0, { guessed: seqs });
    dispatcher.workerReady(0);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted).slice(3), [culprit]);
    dispatcher.workerDied(QUARANTINE);
    assert.deepEqual(seqsOf(posted).slice(4), others);
    assert.equal(dispatcher.posted(0, others[0]!)?.seq, others[0]);
  });

  test("a suspect waits for what is at hand in quarantine", () => {
    const { dispatcher, posted } = recorded();
    known({ dispatcher, posted }, "ab");
    for (const scope of ["a", "a", "b"]) dispatcher.received(arrival(scope));
    const [suspect, next, other] = seqsOf(posted) as [number, number, number];
    dispatcher.workerDied(0, { guessed: [suspect] });
    dispatcher.workerReady(0);
    dispatcher.workerReady(QUARANTINE);
    dispatcher.settled(QUARANTINE, [suspect]);
    dispatcher.workerDied(0, { guessed: [other] });
    assert.deepEqual(seqsOf(posted).slice(3), [other, suspect, next]);
    dispatcher.settled(QUARANTINE, [next]);
    assert.equal(seqsOf(posted).at(-1), other);
  });

  test("of several suspects the one with the fewest deaths is tried first", () => {
    const { dispatcher, posted } = recorded();
    known({ dispatcher, posted }, "ab");
    for (const scope of ["a", "b"]) dispatcher.received(arrival(scope));
    const [culprit, other] = seqsOf(posted) as [number, number];
    dispatcher.workerDied(0, { guessed: [culprit] });
    dispatcher.workerReady(QUARANTINE);
    dispatcher.workerDied(QUARANTINE);
    dispatcher.workerReady(0);
    dispatcher.workerDied(0, { guessed: [other] });
    dispatcher.workerReady(QUARANTINE);
    assert.equal(seqsOf(posted).at(-1), other);
  });

  test("suspects that are quick are tried one after another for a quarter of a second, then the lines beside them get a turn", () => {
    const { dispatcher, posted, clock } = recorded();
    const suspects = ["a", "b", "c", "d"].map((scope) => ({ ...arrival(scope), attempts: 2 }));
    for (const suspect of suspects) dispatcher.received(suspect);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    const [first, second, third, fourth] = seqsOf(suspects) as [number, number, number, number];
    dispatcher.settled(QUARANTINE, [first]);
    const [later, last] = [arrival("a"), arrival("a")];
    dispatcher.received(later);
    dispatcher.received(last);
    clock.now += SUSPECTS_TURN - 1;
    dispatcher.settled(QUARANTINE, [second]);
    assert.deepEqual(seqsOf(posted), [first, second, third]);
    clock.now += 1;
    dispatcher.settled(QUARANTINE, [third]);
    assert.deepEqual(seqsOf(posted.slice(3)), [later.seq]);
    dispatcher.settled(QUARANTINE, [later.seq]);
    assert.deepEqual(seqsOf(posted.slice(4)), [fourth]);
    dispatcher.settled(QUARANTINE, [fourth]);
    assert.deepEqual(seqsOf(posted.slice(5)), [last.seq]);
  });

  test("a suspect that was interrupted often goes after one with a death, and makes way for it once it shares the quarantine", () => {
    const { dispatcher, posted } = recorded();
    const [long, longer] = [5, 9].map((attempts, i) => ({ ...arrival(`long ${i}`), attempts }));
    for (const event of [longer!, long!]) dispatcher.received(event);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted), [long!.seq]);
    dispatcher.share(QUARANTINE, long!.seq);
    assert.deepEqual(seqsOf(posted), [long!.seq], "the next will hold up others for longer");
    dispatcher.workerReady(0);
    const quick = arrival("quick");
    dispatcher.received(quick);
    dispatcher.workerDied(0, { named: quick.seq });
    assert.deepEqual(seqsOf(posted.slice(1)), [quick.seq, quick.seq]);
    dispatcher.settled(QUARANTINE, [quick.seq]);
    assert.deepEqual(seqsOf(posted.slice(3)), [longer!.seq]);
  });

  test("of suspects without a death the one with the fewest attempts is tried first", () => {
    const { dispatcher, posted } = recorded();
    const events = [4, 2, 3].map((attempts, i) => ({ ...arrival(`${i}`), attempts }));
    for (const event of events) dispatcher.received(event);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    for (const _ of events) dispatcher.settled(QUARANTINE, [posted.at(-1)!.seq]);
    assert.deepEqual(
      posted.map(({ attempt }) => attempt),
      [3, 4, 5],
    );
  });

  test("after a death, chats that have settled nothing are tried in quarantine, until trust()", () => {
    const { dispatcher, posted, clock } = recorded();
    dispatcher.workerReady(0);
    dispatcher.received(arrival("known"));
    dispatcher.settled(0, seqsOf(posted));
    for (const scope of ["known", "culprit", "new"]) dispatcher.received(arrival(scope));
    const [, known, culprit, fresh] = seqsOf(posted) as [number, number, number, number];
    const after = () => seqsOf(posted.splice(0));
    after();
    dispatcher.workerDied(0, { guessed: [culprit] });
    const later = [arrival("later"), arrival("known"), arrival("later")];
    for (const event of later) dispatcher.received(event);
    dispatcher.workerReady(0);
    assert.deepEqual(after(), [known, later[1]!.seq]);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(after(), [fresh]);
    dispatcher.settled(QUARANTINE, [fresh]);
    assert.deepEqual(after(), [later[0]!.seq]);
    clock.now += SUSPECTS_TURN;
    dispatcher.settled(QUARANTINE, [later[0]!.seq]);
    assert.deepEqual(after(), [later[2]!.seq], "its next event goes before the next suspect");
    dispatcher.settled(QUARANTINE, [later[2]!.seq]);
    assert.deepEqual(after(), [culprit]);
    dispatcher.trust();
    const last = arrival("last");
    dispatcher.received(last);
    assert.deepEqual(after(), [last.seq]);
  });

  test("after a death, events that wait at it of chats that have settled nothing are tried in quarantine, too", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    dispatcher.workerReady(0);
    const scopes = Array.from({ length: ON_THEIR_WAY }, (_, i) => `known ${i}`);
    for (const scope of scopes) dispatcher.received(arrival(scope));
    dispatcher.settled(0, seqsOf(posted.splice(0)));
    for (const scope of scopes) dispatcher.received(arrival(scope));
    const waits = arrival("new");
    dispatcher.received(waits);
    assert.equal(posted.length, ON_THEIR_WAY, "it waits for room");
    dispatcher.workerDied(0);
    dispatcher.workerReady(0);
    assert.equal(posted.length, 2 * ON_THEIR_WAY);
    dispatcher.workerReady(QUARANTINE);
    assert.equal(dispatcher.posted(QUARANTINE, waits.seq), waits);
  });

  test("after a death, no more than eight events of new chats wait for the quarantine", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    dispatcher.workerDied(0);
    dispatcher.workerReady(0);
    const events = Array.from({ length: 10 }, (_, i) => arrival(`new ${i}`));
    for (const event of events) dispatcher.received(event);
    assert.deepEqual(seqsOf(posted), seqsOf(events.slice(8)));
  });

  test("a suspect that has survived for a while makes way for the next; its own line waits for it", () => {
    const { dispatcher, posted } = recorded();
    known({ dispatcher, posted }, "abc");
    for (const scope of ["a", "b", "b", "c"]) dispatcher.received(arrival(scope));
    const seqs = seqsOf(posted);
    const [a, b1, b2, c] = seqs as [number, number, number, number];
    dispatcher.workerDied(0, { guessed: [b1, b2, c] });
    dispatcher.workerReady(0);
    dispatcher.workerReady(QUARANTINE);
    dispatcher.makeWay(QUARANTINE, b1);
    assert.deepEqual(seqsOf(posted).slice(4).sort(), [a, b1, c].sort());
    dispatcher.settled(QUARANTINE, [c]);
    assert.equal(seqsOf(posted).length, 7);
    dispatcher.settled(QUARANTINE, [b1]);
    assert.equal(seqsOf(posted).at(-1), b2);
    dispatcher.workerDied(QUARANTINE);
    assert.equal(dispatcher.unsettled, 2);
  });

  test("a suspect that shares the quarantine holds up other suspects alone, and is a guess if the quarantine dies", () => {
    const { dispatcher, posted, deadLetters } = recorded({ maxAttempts: 1 });
    const [done, long, next] = ["a", "b", "c"].map((scope) => ({ ...arrival(scope), attempts: 2 }));
    for (const event of [done!, long!, next!]) dispatcher.received(event);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    dispatcher.settled(QUARANTINE, [done!.seq]);
    const guest = arrival("a");
    dispatcher.received(guest);
    assert.deepEqual(seqsOf(posted), [done!.seq, long!.seq]);
    dispatcher.share(QUARANTINE, long!.seq);
    assert.deepEqual(seqsOf(posted), [done!.seq, long!.seq, guest.seq]);
    assert.deepEqual([dispatcher.workerDied(QUARANTINE), deadLetters], [[long!.seq], []]);
    // It is tried again, after the others, and convicted only when it is alone.
    dispatcher.workerReady(QUARANTINE);
    assert.equal(seqsOf(posted).at(-1), next!.seq);
    dispatcher.settled(QUARANTINE, [next!.seq]);
    assert.deepEqual([dispatcher.workerDied(QUARANTINE), deadLetters], [[long!.seq], [long!.seq]]);
  });

  test("a suspect that comes to a worker which is blocked has survived nothing: it stays a suspect", () => {
    const { dispatcher, posted } = recorded({ takes: false });
    const [blocking, next] = ["a", "b"].map((scope) => ({ ...arrival(scope), attempts: 2 }));
    for (const event of [blocking!, next!]) dispatcher.received(event);
    dispatcher.trySuspects();
    dispatcher.workerReady(0);
    dispatcher.workerReady(QUARANTINE);
    dispatcher.taken(QUARANTINE, [blocking!.seq]);
    dispatcher.makeWay(QUARANTINE, blocking!.seq);
    assert.deepEqual(seqsOf(posted), [blocking!.seq, next!.seq]);
    dispatcher.share(QUARANTINE, next!.seq);
    dispatcher.makeWay(QUARANTINE, next!.seq);
    dispatcher.workerDied(QUARANTINE, { named: blocking!.seq });
    assert.deepEqual(seqsOf(posted).slice(2), [], "not to its own worker");
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted).slice(2), [next!.seq]);
  });

  test("an event at long work in quarantine holds up the suspects until it shares it, and no longer", () => {
    const { dispatcher, posted } = recorded();
    const [first, long, next] = [{ ...arrival("a"), attempts: 2 }, arrival("a"), { ...arrival("b"), attempts: 2 }];
    dispatcher.received(first);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    dispatcher.received(long);
    dispatcher.settled(QUARANTINE, [first.seq]);
    dispatcher.received(next);
    assert.deepEqual(seqsOf(posted), [first.seq, long.seq]);
    dispatcher.share(QUARANTINE, long.seq);
    assert.deepEqual(seqsOf(posted), [first.seq, long.seq, next.seq]);
  });

  test("without a culprit nothing is blamed; an event that was interrupted three times goes to quarantine", () => {
    const { dispatcher, posted, deadLetters, calls, events, deaths } = withFour({ maxAttempts: 1 });
    dispatcher.settled(0, seqsOf(events.slice(1)));
    for (const attempt of [1, 2, 3]) {
      assert.equal(calls.forQuarantine, 0, `attempt ${attempt}`);
      assert.deepEqual(dispatcher.workerDied(0, { guessed: [12_345_678] }), []);
      dispatcher.workerReady(0);
    }
    assert.deepEqual([deaths(), deadLetters], [[0, 0, 0, 0], []]);
    dispatcher.trySuspects();
    assert.ok(calls.forQuarantine > 0);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(posted.at(-1), { seq: events[0]!.seq, attempt: 4, body: "{}" });
  });

  test("an event that killed its worker as often as allowed becomes a dead letter, and no other event does", () => {
    const { dispatcher, posted, deadLetters, events } = withFour({ maxAttempts: 3 });
    const killer = events[0]!;
    dispatcher.workerDied(0, { named: killer.seq });
    for (const attempt of [2, 3]) {
      assert.deepEqual(deadLetters, []);
      dispatcher.workerReady(QUARANTINE);
      assert.deepEqual(posted.at(-1), { seq: killer.seq, attempt, body: "{}" });
      dispatcher.workerDied(QUARANTINE);
    }
    assert.deepEqual(deadLetters, [killer.seq]);
    assert.equal(dispatcher.needsQuarantine, false);
    // The scope's other event goes home, where an instance may be made.
    posted.length = 0;
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), seqsOf([events[2]!, events[3]!, events[1]!]));
  });

  test("suspects of several deaths are alone in quarantine, one after another", () => {
    const { dispatcher, posted, events } = withFour();
    dispatcher.workerDied(0, { named: events[2]!.seq });
    dispatcher.workerReady(0);
    dispatcher.workerDied(0, { named: events[3]!.seq });
    dispatcher.workerReady(0);
    posted.length = 0;
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[2]!.seq]);
    dispatcher.settled(QUARANTINE, [events[2]!.seq]);
    assert.deepEqual(seqsOf(posted.splice(0)), [events[3]!.seq]);
    // The cleared scope has its instance there.
    const next = arrival("b");
    dispatcher.received(next);
    assert.deepEqual(posted, []);
    dispatcher.settled(QUARANTINE, [events[3]!.seq]);
    assert.equal(dispatcher.posted(QUARANTINE, next.seq), next);
    dispatcher.workerDrained(QUARANTINE, [next.seq]);
    assert.equal(dispatcher.posted(0, next.seq), next);
  });

  test("a known culprit becomes a dead letter at once where one attempt is allowed", () => {
    const { dispatcher, posted, deadLetters, events } = withFour({ maxAttempts: 1 });
    dispatcher.workerDied(0, { named: events[2]!.seq });
    assert.deepEqual(deadLetters, [events[2]!.seq]);
    dispatcher.workerReady(0);
    assert.equal(posted[0]!.seq, events[0]!.seq);
  });

  test("a culprit that the worker never held gets no event blamed", () => {
    const { dispatcher, deadLetters } = recorded({ maxAttempts: 1 });
    dispatcher.workerReady(0);
    dispatcher.received(arrival("a"));
    assert.deepEqual(dispatcher.workerDied(0, { named: 12_345_678 }), []);
    assert.deepEqual(deadLetters, []);
    assert.equal(dispatcher.unsettled, 1);
  });

  test("idle() waits until its events are settled or dead letters", async () => {
    const { dispatcher, events } = withFour({ maxAttempts: 1 });
    const idle = dispatcher.idle();
    for (const { seq } of events) {
      assert.equal(await isSettled(idle), false);
      dispatcher.workerReady(0);
      dispatcher.workerDied(0, { named: seq });
    }
    await idle;
    assert.equal(dispatcher.unsettled, 0);
  });
});

describe("suspects that earlier processes left", () => {
  function started() {
    const it = recorded();
    const [suspect, other] = [{ ...arrival("a"), attempts: 2 }, arrival("b")];
    for (const event of [suspect, other, arrival("a")]) it.dispatcher.received(event);
    it.dispatcher.workerReady(0);
    return { ...it, suspect, other };
  }

  test("they wait until nothing else is to be done", () => {
    const { dispatcher, posted, calls, suspect, other } = started();
    assert.deepEqual(seqsOf(posted), [other.seq]);
    assert.equal(calls.forQuarantine, 0);
    dispatcher.settled(0, [other.seq]);
    assert.equal(calls.forQuarantine, 1);
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(posted.at(-1), { seq: suspect.seq, attempt: 3, body: "{}" });
  });

  test("they wait no longer after trySuspects(), and after a death that blames an event", () => {
    const patient = started();
    patient.dispatcher.trySuspects();
    assert.equal(patient.calls.forQuarantine, 1);
    const blamed = started();
    blamed.dispatcher.workerDied(0, { named: blamed.other.seq });
    assert.ok(blamed.calls.forQuarantine > 0);
  });

  test("a closed dispatcher calls for no quarantine", () => {
    const { dispatcher, calls } = started();
    dispatcher.close();
    dispatcher.trySuspects();
    assert.equal(calls.forQuarantine, 0);
  });
});

describe("a bot's program", () => {
  test("has the first workers for all lines, those that came before included", () => {
    const { dispatcher, posted } = recorded({ workers: 4 });
    const before = arrival("a");
    dispatcher.received(before);
    dispatcher.servesProgram(1);
    dispatcher.workerReady(0);
    const after = arrival("b");
    dispatcher.received(after);
    assert.deepEqual(seqsOf(posted), [before.seq, after.seq]);
    assert.equal(dispatcher.workerOf("c", 255), 0);
  });

  test("has no quarantine: a suspect is alone in the worker itself, after those before it in its line and before all others", () => {
    const { dispatcher, posted, calls, clock } = recorded();
    dispatcher.servesProgram(1);
    dispatcher.workerReady(0);
    const [b, first, suspect] = [arrival("b"), arrival("a"), arrival("a")];
    for (const event of [b, first, suspect]) dispatcher.received(event);
    posted.length = 0;
    dispatcher.workerDied(0, { guessed: [suspect.seq] });
    assert.equal(dispatcher.needsQuarantine, false);
    const later = arrival("c");
    dispatcher.received(later);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted.splice(0)), [first.seq]);
    clock.now += SUSPECTS_TURN;
    dispatcher.settled(0, [first.seq]);
    assert.deepEqual(seqsOf(posted.splice(0)), [b.seq, later.seq], "each line has a turn before the next suspect");
    dispatcher.settled(0, [b.seq, later.seq]);
    assert.deepEqual(seqsOf(posted), [suspect.seq]);
    assert.equal(calls.forQuarantine, 0);
  });

  test("has suspects that earlier processes left in its worker, and goes on when one counts as survived", () => {
    const { dispatcher, posted, deadLetters } = recorded({ maxAttempts: 1 });
    const [left, other] = [{ ...arrival("a"), attempts: 2 }, arrival("b")];
    for (const event of [left, other]) dispatcher.received(event);
    dispatcher.servesProgram(1);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), [left.seq]);
    dispatcher.kept(0, left.seq);
    assert.deepEqual(seqsOf(posted), [left.seq, other.seq]);
    dispatcher.workerDied(0, { guessed: [left.seq] });
    dispatcher.workerReady(0);
    dispatcher.workerDied(0);
    assert.deepEqual(deadLetters, [left.seq], "it was alone");
  });
});

describe("without memory for the quarantine", () => {
  test("a suspect is alone in the worker of its shard, and is known to be the cause if that dies", () => {
    const it = recorded({ maxAttempts: 2 });
    const { dispatcher, posted, deadLetters, calls } = it;
    known(it, "ab");
    const [suspect, other] = [arrival("a"), arrival("b")];
    for (const event of [suspect, other]) dispatcher.received(event);
    posted.length = 0;
    dispatcher.workerDied(0, { guessed: [suspect.seq] });
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted.splice(0)), [other.seq]);
    assert.ok(calls.forQuarantine > 0);
    assert.ok(dispatcher.withoutQuarantine());
    assert.equal(dispatcher.needsQuarantine, false);
    assert.ok(!dispatcher.withoutQuarantine(), "nothing waits any more");
    assert.equal(posted.length, 0);
    dispatcher.settled(0, [other.seq]);
    assert.deepEqual(seqsOf(posted), [suspect.seq]);
    dispatcher.workerDied(0);
    assert.deepEqual(deadLetters, [suspect.seq], "it was alone");
  });

  test("chats that have settled nothing are doubted no more after a death", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    dispatcher.workerDied(0);
    const [one, other] = [arrival("a"), arrival("b")];
    dispatcher.received(one);
    dispatcher.workerReady(0);
    dispatcher.withoutQuarantine();
    dispatcher.settled(0, [one.seq]);
    posted.length = 0;
    dispatcher.received(other);
    assert.deepEqual(seqsOf(posted), [other.seq]);
  });

  test("an event that the quarantine still has stays there, with its line", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const left = { ...arrival("a"), attempts: 2 };
    dispatcher.received(left);
    dispatcher.trySuspects();
    dispatcher.workerReady(QUARANTINE);
    assert.deepEqual(seqsOf(posted), [left.seq]);
    dispatcher.workerPaused(QUARANTINE);
    dispatcher.received(arrival("a"));
    assert.ok(!dispatcher.withoutQuarantine());
    assert.equal(dispatcher.posted(QUARANTINE, left.seq)?.seq, left.seq);
  });
});

describe("a worker that drained", () => {
  test("its unsettled events are posted before those that wait, at once and not alone; unseen ones made no attempt", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const events = ["a", "a", "b"].map((scope) => arrival(scope));
    for (const event of events) dispatcher.received(event);
    dispatcher.workerPaused(0);
    const later = arrival("a");
    dispatcher.received(later);
    posted.length = 0;
    dispatcher.workerDrained(0, [events[1]!.seq, events[2]!.seq]);
    assert.equal(posted.length, 0);
    dispatcher.workerReady(0);
    const again = posted.map(({ seq, attempt }) => [seq, attempt]);
    assert.deepEqual(again, [
      [events[0]!.seq, 2],
      [events[2]!.seq, 1],
      [events[1]!.seq, 1],
    ]);
    dispatcher.settled(0, [events[0]!.seq]);
    assert.equal(posted.at(-1)!.seq, later.seq);
  });

  test("a suspect that it held stays a suspect, and is never blamed for it", () => {
    const { dispatcher, posted, deadLetters } = recorded({ maxAttempts: 2 });
    dispatcher.workerReady(0);
    const event = arrival("a");
    dispatcher.received(event);
    dispatcher.workerDied(0, { named: event.seq });
    for (let reload = 0; reload < 5; reload++) {
      dispatcher.workerReady(QUARANTINE);
      assert.deepEqual([posted.at(-1)!.seq, posted.length], [event.seq, 2 + reload]);
      dispatcher.workerDrained(QUARANTINE, []);
    }
    assert.deepEqual([event.deaths, deadLetters], [1, []]);
  });

  test("an event of earlier processes does not overtake one of its scope that is posted: it is no suspect then", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const [first, second] = [arrival("a"), { ...arrival("a"), attempts: 2 }];
    dispatcher.received(first);
    dispatcher.workerPaused(0);
    dispatcher.received(second);
    dispatcher.workerDrained(0, []);
    posted.length = 0;
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), seqsOf([first, second]));
  });
});

describe("a shard that is taken away", () => {
  const [OURS_SHARD, LOST_SHARD] = [1, 2];

  const ours = (scope = "ours") => ({ ...arrival(scope), shard: OURS_SHARD });
  const lost = (scope = "lost") => ({ ...arrival(scope), shard: LOST_SHARD });

  test("revoke() names the worker of the shard", () => {
    for (const workers of [1, 2, 7]) {
      const { dispatcher } = recorded({ workers });
      const table = new ShardTable(workers);
      for (const shard of [0, 100, 255]) assert.equal(dispatcher.revoke(shard), table.workerOf(shard));
    }
  });

  test("its waiting events are forgotten, and other shards' are not", () => {
    const { dispatcher, posted } = recorded();
    const stays = ours();
    for (const event of [lost(), stays, lost("lost, too")]) dispatcher.received(event);
    dispatcher.revoke(LOST_SHARD);
    assert.equal(dispatcher.unsettled, 1);
    dispatcher.workerReady(0);
    assert.deepEqual(seqsOf(posted), [stays.seq]);
  });

  test("its posted events count until its instances have ended, and can be settled until then", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const events = [lost(), lost(), lost("lost, too")];
    for (const event of events) dispatcher.received(event);
    dispatcher.revoke(LOST_SHARD);
    assert.deepEqual([dispatcher.unsettled, dispatcher.postedCount], [3, 3]);
    dispatcher.settled(0, [events[0]!.seq]);
    assert.deepEqual([dispatcher.unsettled, dispatcher.postedCount], [2, 2]);
    dispatcher.revoked(LOST_SHARD);
    assert.deepEqual([dispatcher.unsettled, dispatcher.postedCount], [0, 0]);
    assert.equal(posted.length, 3);
  });

  test("its suspects are forgotten", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.received({ ...lost("a suspect"), attempts: 2 });
    dispatcher.revoke(LOST_SHARD);
    dispatcher.workerReady(QUARANTINE);
    assert.equal(posted.length, 0);
    assert.deepEqual([dispatcher.unsettled, dispatcher.needsQuarantine], [0, false]);
  });

  test("the next suspect is posted when the instances of its posted one have ended", () => {
    const { dispatcher, posted } = recorded();
    const suspects = [lost(), ours()].map((event) => ({ ...event, attempts: 2 }));
    for (const event of suspects) dispatcher.received(event);
    dispatcher.workerReady(QUARANTINE);
    dispatcher.revoke(LOST_SHARD);
    assert.deepEqual(seqsOf(posted), [suspects[0]!.seq]);
    dispatcher.revoked(LOST_SHARD);
    assert.deepEqual(seqsOf(posted), seqsOf(suspects));
  });

  test("an event at a worker that dies meanwhile is no suspect: it is forgotten", () => {
    const { dispatcher, posted, deadLetters } = recorded();
    dispatcher.workerReady(0);
    const [gone, stays] = [lost(), ours()];
    for (const event of [gone, stays]) dispatcher.received(event);
    dispatcher.revoke(LOST_SHARD);
    assert.deepEqual(dispatcher.workerDied(0, { named: gone.seq }), [gone.seq]);
    dispatcher.revoked(LOST_SHARD);
    assert.deepEqual([dispatcher.unsettled, dispatcher.needsQuarantine], [1, false]);
    posted.length = 0;
    dispatcher.workerReady(0);
    assert.deepEqual(posted, [{ seq: stays.seq, attempt: 2, body: "{}" }]);
    assert.deepEqual(deadLetters, []);
  });

  for (const end of ["settled", "revoked", "dies", "drains"] as const) {
    test(`idle() resolves when the last event is gone: ${end}`, async () => {
      const { dispatcher } = recorded();
      dispatcher.workerReady(0);
      const event = lost();
      dispatcher.received(event);
      const idle = dispatcher.idle();
      dispatcher.revoke(LOST_SHARD);
      assert.equal(await isSettled(idle), false);
      if (end === "settled") dispatcher.settled(0, [event.seq]);
      if (end === "revoked") dispatcher.revoked(LOST_SHARD);
      if (end === "dies") dispatcher.workerDied(0);
      if (end === "drains") dispatcher.workerDrained(0, []);
      assert.equal(await isSettled(idle), true);
      assert.equal(dispatcher.oldest, undefined);
    });
  }

  test("idle() resolves with revoke() if the shard's events all wait", async () => {
    const { dispatcher } = recorded();
    dispatcher.received(lost());
    const idle = dispatcher.idle();
    dispatcher.revoke(LOST_SHARD);
    await idle;
  });

  test("room() resolves with revoke() if few events are left", async () => {
    const { dispatcher } = recorded();
    while (dispatcher.unsettled < HIGH_WATER) dispatcher.received(lost());
    const room = dispatcher.room(never);
    assert.equal(await isSettled(room), false);
    dispatcher.revoke(LOST_SHARD);
    await room;
  });

  test("its events are posted again if it is assigned to this process anew", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    dispatcher.received(lost());
    dispatcher.revoke(LOST_SHARD);
    dispatcher.revoked(LOST_SHARD);
    const again = lost();
    dispatcher.received(again);
    assert.equal(posted.at(-1)!.seq, again.seq);
  });
});

describe("deliveries that the inbox refused", () => {
  test("a refused event is forgotten, and the next of its scope has its place", () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const events = Array.from({ length: FIRST_WINDOW + 3 }, () => arrival("a"));
    for (const event of events) dispatcher.received(event);
    dispatcher.refused(0, seqsOf(events.slice(0, 2)));
    assert.deepEqual(seqsOf(posted), seqsOf(events.slice(0, 4)));
    assert.deepEqual([dispatcher.unsettled, dispatcher.postedCount], [3, FIRST_WINDOW]);
  });

  test("a refused suspect makes way for the next one", () => {
    const { dispatcher, posted, deadLetters } = recorded({ maxAttempts: 1 });
    dispatcher.workerReady(QUARANTINE);
    const events = [arrival("a"), arrival("b"), arrival("c")].map((event) => ({ ...event, attempts: 2 }));
    for (const event of events) dispatcher.received(event);
    dispatcher.refused(QUARANTINE, [events[0]!.seq]);
    assert.deepEqual(seqsOf(posted), seqsOf(events.slice(0, 2)));
    dispatcher.workerDied(QUARANTINE);
    assert.deepEqual(deadLetters, [events[1]!.seq]);
  });

  test("the last refusal resolves idle()", async () => {
    const { dispatcher } = recorded();
    dispatcher.workerReady(0);
    const event = arrival("a");
    dispatcher.received(event);
    const idle = dispatcher.idle();
    dispatcher.refused(0, [event.seq]);
    await idle;
  });
});

// ---- room() and idle() -----------------------------------------------------------------------------------------------

describe("room()", () => {
  /** Receives events, each of a scope of its own, until `count` are unsettled. */
  function fill(dispatcher: Dispatcher, count: number, body = "{}"): void {
    while (dispatcher.unsettled < count) dispatcher.received(arrival(`scope ${lastSeq}`, body));
  }

  /** Settles posted events until `count` are left. */
  function settleTo(dispatcher: Dispatcher, posted: EventItem[], count: number): void {
    while (dispatcher.unsettled > count) {
      const seqs = posted.splice(0, dispatcher.unsettled - count).map(({ seq }) => seq);
      dispatcher.settled(0, seqs);
    }
  }

  test("room() resolves at once below the high-water mark", async () => {
    const { dispatcher } = recorded();
    fill(dispatcher, HIGH_WATER - 1);
    await dispatcher.room(never);
    assert.equal(dispatcher.fullSince, undefined);
  });

  test("room() waits at the high-water mark until half of it is left", async () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    fill(dispatcher, HIGH_WATER);
    const room = dispatcher.room(never);
    settleTo(dispatcher, posted, HIGH_WATER / 2 + 1);
    assert.equal(await isSettled(room), false);
    assert.ok(dispatcher.fullSince! <= Date.now());
    assert.equal(await isSettled(dispatcher.room(never)), false);
    settleTo(dispatcher, posted, HIGH_WATER / 2);
    await room;
    assert.equal(dispatcher.fullSince, undefined);
    await dispatcher.room(never);
    fill(dispatcher, HIGH_WATER);
    assert.equal(await isSettled(dispatcher.room(never)), false);
  });

  /** A dispatcher whose inbox is on a disk, and what it has posted. */
  function stored(limit: number, readAhead: (arrivals: readonly Arrival[]) => void = () => {}) {
    const posted: Arrival[] = [];
    const dispatcher = new Dispatcher({
      workers: 1,
      maxAttempts: 3,
      limit,
      isStored: true,
      post: (_, event) => posted.push(event),
      deadLetter: () => assert.fail(),
      suspected: () => assert.fail(),
      ...UNHEARD,
      readAhead,
    });
    return { dispatcher, posted };
  }

  test("where the inbox is on a disk, a line has 32 waiting bodies in memory once 1,000 events of any lines are unsettled", () => {
    const { dispatcher, posted } = stored(Number.POSITIVE_INFINITY);
    fill(dispatcher, HIGH_WATER / 10);
    for (let i = 0; i < 100; i++) dispatcher.received(arrival("a"));
    dispatcher.workerReady(0);
    // It grows with each settlement.
    for (const { seq } of posted) dispatcher.settled(0, [seq]);
    assert.equal(posted.length, HIGH_WATER / 10 + 100);
    const ofOthers = posted.filter(({ scope }) => scope !== "a");
    assert.ok(ofOthers.every(({ body }) => body === "{}"));
    assert.deepEqual(
      posted.filter(({ scope }) => scope === "a").map(({ body }) => body),
      Array.from({ length: 100 }, (_, i) => (i < 32 ? "{}" : undefined)),
    );
  });

  describe("events behind one whose body has to be read", () => {
    /** Events of one line without bodies, before so many of others, and those whose bodies are to be read ahead. */
    function unread(count: number, others = 0) {
      const asked: Arrival[] = [];
      const { dispatcher, posted } = stored(Number.POSITIVE_INFINITY, (arrivals) => asked.push(...arrivals));
      const all = Array.from({ length: count }, (): Arrival => ({ ...arrival("a"), body: undefined }));
      for (const one of all) dispatcher.received(one);
      fill(dispatcher, count + others);
      dispatcher.workerReady(0);
      return { dispatcher, posted, all, asked, bodies: new Map(all.map(({ seq }) => [seq, `body ${seq}`])) };
    }

    test("the bodies of the next 32 are read with it, and more with the next one whose body has to be read", () => {
      const { dispatcher, posted, all, asked, bodies } = unread(200);
      const end = FIRST_WINDOW + 32;
      assert.deepEqual(seqsOf(posted), seqsOf(all.slice(0, FIRST_WINDOW)));
      assert.deepEqual(seqsOf(asked), seqsOf(all.slice(FIRST_WINDOW, end)));
      dispatcher.loaded(asked.splice(0), bodies);
      for (let i = 0; asked.length === 0; i++) dispatcher.settled(0, [posted[i]!.seq]);
      assert.ok(posted.slice(FIRST_WINDOW, end).every(({ seq, body }) => body === `body ${seq}`));
      assert.equal(posted[end]!.body, undefined);
      assert.deepEqual(seqsOf(asked), seqsOf(all.slice(posted.length, posted.length + 32)));
    });

    test("none is read ahead while the memory is filling", () => {
      const { posted, asked } = unread(100, HIGH_WATER / 10);
      assert.equal(posted[0]!.body, undefined);
      assert.deepEqual(asked, []);
    });

    test("bodies that come too late are let go of, and do not count", async () => {
      const { dispatcher, posted, all, asked, bodies } = unread(32);
      for (let i = 0; i < all.length; i++) dispatcher.settled(0, [posted[i]!.seq]);
      dispatcher.loaded(asked, bodies);
      fill(dispatcher, HIGH_WATER - 1);
      assert.ok(await isSettled(dispatcher.room(never)));
    });

    test("they count once they are read", async () => {
      const { dispatcher, asked, bodies } = unread(34);
      dispatcher.loaded(asked, bodies);
      fill(dispatcher, HIGH_WATER + 1);
      assert.ok(await isSettled(dispatcher.room(never)));
      fill(dispatcher, HIGH_WATER + 2);
      assert.equal(await isSettled(dispatcher.room(never)), false);
    });
  });

  test("an event that is tried again later does not count: its body is left to the inbox", async () => {
    const { dispatcher, posted } = stored(Number.POSITIVE_INFINITY);
    dispatcher.workerReady(0);
    fill(dispatcher, HIGH_WATER);
    const room = dispatcher.room(never);
    assert.equal(await isSettled(room), false);
    for (let i = 0; i < HIGH_WATER / 2; i++) {
      dispatcher.taken(0, [posted[i]!.seq]);
      dispatcher.triedAgain(0, posted[i]!.seq);
    }
    assert.ok(await isSettled(room));
    const { seq } = posted[0]!;
    dispatcher.workerDrained(0, []);
    dispatcher.workerReady(0);
    assert.equal(posted.findLast((event) => event.seq === seq)!.body, undefined);
  });

  test("only bodies in memory count, and all events have a limit of their own", async () => {
    const { dispatcher, posted } = stored(3 * HIGH_WATER);
    dispatcher.workerReady(0);
    while (dispatcher.unsettled < 3 * HIGH_WATER - 1) dispatcher.received(arrival("a"));
    assert.ok(await isSettled(dispatcher.room(never)));
    const kept = HIGH_WATER / 10;
    while (posted.length < kept + 10) dispatcher.settled(0, [posted.at(-1)!.seq]);
    const bodies = posted.map(({ body }) => body);
    assert.deepEqual(bodies.slice(0, kept), new Array(kept).fill("{}"));
    assert.deepEqual(new Set(bodies.slice(kept)), new Set([undefined]));
    while (dispatcher.unsettled < 3 * HIGH_WATER) dispatcher.received(arrival("a"));
    assert.equal(await isSettled(dispatcher.room(never)), false);
  });

  test("room() counts characters, too", async () => {
    const { dispatcher, posted } = recorded();
    dispatcher.workerReady(0);
    const mega = "x".repeat(1024 * 1024);
    fill(dispatcher, HIGH_WATER_CHARACTERS / mega.length - 1, mega);
    await dispatcher.room(never);
    fill(dispatcher, HIGH_WATER_CHARACTERS / mega.length, mega);
    const room = dispatcher.room(never);
    settleTo(dispatcher, posted, HIGH_WATER_CHARACTERS / mega.length / 2 + 1);
    assert.equal(await isSettled(room), false);
    settleTo(dispatcher, posted, HIGH_WATER_CHARACTERS / mega.length / 2);
    await room;
  });
});

describe("idle()", () => {
  test("idle() resolves at once where nothing is unsettled", async () => {
    await recorded().dispatcher.idle();
  });

  test("idle() resolves with the last settlement, for every caller", async () => {
    const { dispatcher } = recorded();
    dispatcher.workerReady(0);
    const events = [arrival("a"), arrival("b")];
    for (const event of events) dispatcher.received(event);
    const idle = [dispatcher.idle(), dispatcher.idle()];
    dispatcher.settled(0, [events[0]!.seq]);
    assert.equal(await isSettled(idle[0]!), false);
    dispatcher.settled(0, [events[1]!.seq]);
    await Promise.all(idle);
    dispatcher.received(arrival("a"));
    assert.equal(await isSettled(dispatcher.idle()), false);
  });
});

test("postedCount counts the events at the workers, and oldest is the receipt of the oldest one, wherever it is", () => {
  const { dispatcher, posted } = recorded();
  const at = (scope: string, received_at: number) => dispatcher.received({ ...arrival(scope), received_at });
  assert.deepEqual([dispatcher.postedCount, dispatcher.oldest], [0, undefined]);
  at("a", 20);
  at("a", 30);
  at("b", 10);
  assert.deepEqual([dispatcher.postedCount, dispatcher.oldest], [0, 10]);
  dispatcher.workerReady(0);
  assert.deepEqual([dispatcher.postedCount, dispatcher.oldest], [3, 10]);
  // In turns: the first of each scope, then the second of the first.
  dispatcher.settled(0, [posted[1]!.seq]);
  assert.deepEqual([dispatcher.postedCount, dispatcher.oldest], [2, 20]);
  dispatcher.workerDied(0);
  assert.deepEqual([dispatcher.postedCount, dispatcher.oldest], [0, 20]);
});

describe("events that are held", () => {
  const posted: number[] = [];
  const dispatcher = () => {
    posted.length = 0;
    const post = (_: number, { seq }: Arrival) => void posted.push(seq);
    return new Dispatcher({
      workers: 1,
      maxAttempts: 3,
      ...UNBOUNDED,
      post,
      deadLetter() {},
      suspected() {},
      ...UNHEARD,
    });
  };
  const arrival = (seq: number, id: number, attempts = 0): Arrival => {
    return { ...NEW, seq, attempts, body: "", scope: `chat:${id}`, shard: 1 };
  };

  test("none is posted, whatever happens, but one by postOne(), of a line that has none at its worker", () => {
    const held = dispatcher();
    held.workerReady(0);
    for (const seq of [1, 2, 3]) held.received(arrival(seq, 1));
    held.hold();
    held.received(arrival(4, 2));
    held.received(arrival(5, 2));
    held.settled(0, [1]);
    held.workerReady(0);
    assert.deepEqual(posted, [1, 2]);
    assert.deepEqual([held.postOne(), held.postOne()], [4, undefined]);
    assert.deepEqual(posted, [1, 2, 4]);
    held.resume();
    assert.deepEqual(posted.slice(3).sort(), [3, 5]);
  });

  test("those of a worker that ends go back to the heads of their lines, and wait there", () => {
    const held = dispatcher();
    held.workerReady(0);
    for (const seq of [1, 2, 3]) held.received(arrival(seq, 1));
    held.hold();
    held.workerDrained(0, []);
    assert.equal(held.postOne(), undefined);
    held.workerReady(0);
    assert.deepEqual(posted.splice(0), [1, 2]);
    assert.equal(held.postOne(), 1);
    held.resume();
    held.settled(0, [1, 2]);
    assert.deepEqual(posted, [1, 2, 3]);
  });

  test("a suspect is not tried", () => {
    const held = dispatcher();
    held.workerReady(0);
    held.workerReady(1);
    held.hold();
    held.received(arrival(1, 1, 5));
    held.trySuspects();
    assert.equal(held.postOne(), undefined);
    held.resume();
    assert.deepEqual(posted, [1]);
  });
});
