/**
 * The application instances of one worker: one per scope. A scope's first event makes it; it goes when the application returns or
 * throws, when it is evicted while idle, when its shard is revoked, or when the worker is drained.
 *
 * The file is longer than others because an instance's way out of one collection is its way into another.
 */

import type { Batch } from "../src/protocol/batch.ts";
import { DisconnectedError, RetryLater } from "../src/protocol/errors.ts";
import type { DisconnectReason } from "../src/protocol/events.ts";
import type { Call, EventItem, ToMain } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import type { EventPast } from "../src/protocol/recorded-call.ts";
import { shardOfKey } from "../src/protocol/shard.ts";
import type { Calls } from "./calls.ts";
import { currentContext, currentEvent, enterContext, outside } from "./current-event.ts";
import type { DeadLetterNotices } from "./dead-letter-notices.ts";
import { scopeOf } from "./event.ts";
import type { EventDelivery, Thrown } from "./event-delivery.ts";
import { EventsAtWork } from "./events-at-work.ts";
import { Fence } from "./fence.ts";
import { Gates } from "./gates.ts";
import { IdleLine } from "./idle-line.ts";
import { type Delivered, type Ending, Instance, InstanceExtensions, type InstanceHost } from "./instance.ts";
import type { Asgi3 } from "./loader.ts";
import { describe, placeInScope, type Reporter } from "./reporter.ts";
import type { Retries } from "./retries.ts";

export interface InstancesOptions {
  application: Asgi3;
  /** The state that lifespan startup left. */
  state: Record<string, unknown>;
  /** The most instances to keep while any of them is idle. */
  max: number;
  /** Milliseconds after which an idle instance is dropped. */
  idleTimeout: number;
  /** Longest work at an event: ms; Infinity without a limit. */
  eventTimeout: number;
  /** Longest wait for an instance whose shard is taken away: ms. */
  moveTimeout: number;
  retries: Pick<Retries, "after" | "asksAbout" | "decision" | "wait" | "wake">;
  /** Reads an event anew. */
  again(item: EventItem): Delivered;
  reporter: Pick<Reporter, "log">;
  outbound: Pick<Batch<ToMain>, "push" | "last" | "flush">;
  calls: Pick<Calls, "make">;
  pulse: Pick<Pulse, "willWorkAt" | "count">;
  atWork?: EventsAtWork;
  deadLetters: Pick<DeadLetterNotices, "tell">;
  /** Code of an event is about to go on with an answer that did not come through the worker's port. */
  onAnswer?(): void;
}

/** Events that wait for so long behind an application that does not ask for them are worth a warning: ms. */
const SLOW = 30_000;

export class Instances implements InstanceHost {
  readonly calls: InstancesOptions["calls"];
  readonly pulse: InstancesOptions["pulse"];
  readonly eventTimeout: number;
  readonly atWork: EventsAtWork;
  readonly #options: InstancesOptions;
  readonly #live = new Map<string, Instance>();
  /** Instances that wait for an event, the longest idle first. */
  readonly #idle = new IdleLine<Instance>();
  /** Instances that may have events queued. The sweep drops those that have none. */
  readonly #behind = new Set<Instance>();
  /** Instances that are disconnected and have not ended. Events of their scopes wait, so that no two instances of one overlap. */
  readonly #closing = new Map<string, Instance>();
  /** Disconnected instances from which nothing more comes, but for the end of their open work. */
  readonly #silent = new Set<Instance>();
  /** Instances that have ended while work at their events is open. Events of their scopes do not wait. */
  readonly #working = new Set<Instance>();
  /** Ended instances whose calls may have no answer, by scope: the next instance counts them. */
  readonly #senders = new Map<string, Instance>();
  /** Scopes that are told of a dead letter, or whose event is tried again later. */
  readonly #gates = new Gates((waiting) => {
    for (const delivered of waiting) this.deliver(delivered);
    this.#closed();
  });
  /** Called when an instance that was disconnected is over. */
  readonly #whenClosed = new Map<Instance, () => void>();
  readonly #sweeper: NodeJS.Timeout;
  /** A coarse clock, which costs nothing to read. */
  #now = now();
  #drained: PromiseWithResolvers<void> | undefined;
  readonly #fence = new Fence();
  /** Events that came after drain(). */
  readonly #tooLate: number[] = [];

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.calls = options.calls;
    this.pulse = options.pulse;
    this.eventTimeout = options.eventTimeout;
    this.atWork = options.atWork ?? new EventsAtWork();
    const period = Math.min(1000, Math.max(10, options.idleTimeout / 4));
    this.#sweeper = setInterval(() => this.#sweep(), period).unref();
  }

  get size(): number {
    return this.#live.size + this.#closing.size + this.#working.size;
  }

  deliver(delivered: Delivered): void {
    if (this.#drained !== undefined) {
      this.#tooLate.push(delivered.seq);
      return;
    }
    if (this.#fence.hold(delivered)) return;
    if (this.#gates.hold(delivered)) return;
    const { key } = delivered.route;
    const instance = this.#live.get(key);
    if (instance === undefined) {
      const closing = this.#closing.get(key);
      if (closing === undefined) this.#start([delivered]);
      else closing.enqueue(delivered);
      return;
    }
    if (this.#idle.delete(instance)) instance.since = this.#now;
    else this.#behind.add(instance);
    instance.deliver(delivered);
  }

  /** Events are this machine's until then: hands out what has waited for that. */
  certain(until: number): void {
    if (!this.#fence.extend(until)) return;
    // What an instance has queued came before what the fence held up; a gate that opened meanwhile put its events behind later ones.
    for (const instance of this.#live.values()) if (!this.#fence.holds(instance.key)) instance.resume();
    for (const delivered of this.#fence.takeAll()) this.deliver(delivered);
  }

  /** The shard is about to be revoked. */
  shut(shard: number): void {
    this.#fence.shut(shard);
  }

  holds({ key }: Instance): boolean {
    return this.#fence.holds(key);
  }

  /** An event that waits for another attempt has left this behind. */
  past(scope: string, seq: number, past: EventPast): void {
    // With hardly a wait the attempt has begun.
    const delivered = this.#gates.find(scope, seq) ?? this.#live.get(scope)?.held;
    if (delivered?.seq === seq) delivered.item.past = past;
  }

  /** The main thread made a dead letter of the event. */
  deadLettered(delivered: Delivered, error: Error): void {
    this.#tell(delivered, error);
  }

  /**
   * Disconnects every instance. Resolves when none of them is at work any more.
   * @returns the numbers of the events that no application received
   */
  async drain(reason: DisconnectReason): Promise<number[]> {
    this.#drained = Promise.withResolvers();
    this.#options.retries.wake(() => true);
    clearInterval(this.#sweeper);
    const instances = this.#all;
    for (const instance of this.#live.values()) this.#disconnect(instance, reason);
    for (const instance of this.#working) instance.disconnect(reason);
    this.#closed();
    await this.#drained.promise;
    return [...instances.flatMap(takeQueue), ...this.#fence.takeAll().map(({ seq }) => seq), ...this.#tooLate];
  }

  /**
   * Disconnects the instances of a shard, of which no event is delivered meanwhile. Resolves when none of them is at work any more, or when
   * those that are have been given up.
   * @returns the numbers of the events that no application received
   */
  async revoke(shard: number): Promise<number[]> {
    const { moveTimeout } = this.#options;
    const instances = this.#all.filter(({ key }) => shardOfKey(key) === shard);
    const closed = instances.map((instance) => new Promise<void>((resolve) => this.#whenClosed.set(instance, resolve)));
    for (const instance of instances) {
      if (this.#live.get(instance.key) === instance) this.#disconnect(instance, "moved");
      else instance.disconnect("moved");
    }
    const taken = this.#gates.take((key) => shardOfKey(key) === shard);
    this.#options.retries.wake((key) => shardOfKey(key) === shard);
    const late = setTimeout(() => {
      for (const instance of instances) if (this.#whenClosed.has(instance)) this.#abandon(instance);
    }, moveTimeout);
    const held = await taken;
    await Promise.all(closed);
    clearTimeout(late);
    // Instances that failed meanwhile shut gates, too.
    await this.#gates.take((key) => shardOfKey(key) === shard);
    const fenced = this.#fence.revoked(shard);
    return [...[...held, ...fenced].map(({ seq }) => seq), ...instances.flatMap(takeQueue)];
  }

  /** Numbers of the events at which applications have open work. */
  get open(): number[] {
    return this.#all.flatMap(({ unsettled }) => unsettled.map(({ seq }) => seq));
  }

  /** Takes an error that nothing caught, as a throw of the instance whose code runs. @returns false if that is none */
  threwUncaught(error: unknown): boolean {
    const context = currentContext();
    if (context === undefined) return false;
    const instance = context.instance as Instance;
    const event = currentEvent();
    if (instance.state === "ended" && event === undefined) this.#reportIdleThrow(instance, { error });
    else instance.threw(error, event);
    return true;
  }

  // ---- from the instances ----

  goesOn(seq: number, limit: number): void {
    this.pulse.willWorkAt(seq, limit);
    this.#options.onAnswer?.();
  }

  settled({ seq, delivery }: Delivered, instance: Instance): void {
    instance.since = this.#now;
    const { outbound } = this.#options;
    const { last } = outbound;
    const writes = delivery.writes(seq, instance.key);
    if (last?.type !== "settled") outbound.push({ type: "settled", seqs: [seq], ...(writes && { writes }) });
    else {
      last.seqs.push(seq);
      if (writes !== undefined) last.writes = [...(last.writes ?? []), ...writes];
    }
  }

  kept(seq: number): void {
    this.#options.outbound.push({ type: "kept", seq });
  }

  workOver(instance: Instance, event: Delivered, thrown: Thrown | undefined): void {
    if (!this.#isWorkTriedAgain(instance, event, thrown)) this.#conclude(instance, event, thrown);
    if (instance.hasKept) return;
    if (instance.state === "idle" && this.#live.get(instance.key) === instance) this.becameIdle(instance);
    if (this.#working.delete(instance)) this.#closed(instance);
    else if (this.#silent.delete(instance)) this.becameSilent(instance);
  }

  overdue(instance: Instance, event: Delivered, error: Error): void {
    const place = placeInScope(instance.key, event.event);
    this.#options.outbound.push({ type: "failed", seq: event.seq, error: describe(error), ...place });
    this.#tell(event, error);
    if (instance.state === "ended") this.#left(instance);
  }

  busy(seq: number, call: Call): void {
    const { outbound } = this.#options;
    outbound.push({ type: "busy", seq, call });
    // The application may be about to block the thread.
    outbound.flush();
  }

  saved(seq: number, json: string): void {
    this.#options.outbound.push({ type: "saved", seq, json });
  }

  refused(error: unknown, instance: Instance): void {
    this.#log(instance, "warn", `send() refused an event: ${error}`);
  }

  becameIdle(instance: Instance): void {
    instance.since = this.#now;
    // With open work, a flood of calls, or events behind the fence, it is not idle, only without an event at hand.
    if (!instance.hasKept && !instance.isFlooding && instance.queue.length === 0) this.#idle.add(instance);
  }

  becameSilent(instance: Instance): void {
    if (instance.hasKept) return void this.#silent.add(instance);
    this.#closed(instance);
    this.#succeed(instance);
  }

  // The async context knows the instance: closures that knew it would be kept by each idle instance.
  readonly returned = (): void => this.#running.end(undefined);
  readonly threw = (error: unknown): void => this.#running.end({ error });

  ended(instance: Instance, ending: Ending): void {
    const { held, thrown, received } = ending;
    // An application that never asked for an event answers for its first one, or it would be called for that event for ever.
    const event = held ?? (received ? undefined : instance.queue[0]);
    if (event !== undefined && this.#isTriedAgain(instance, event, thrown)) return;
    if (event === undefined) this.#reportIdleThrow(instance, thrown);
    else if (this.#conclude(instance, event, thrown) && event !== held) {
      instance.dequeue();
      if (!isFailure(thrown)) this.#warnOfUnread(instance, event);
    }
    this.#left(instance);
  }

  /** The instance whose code is running. */
  get #running(): Instance {
    return currentContext()!.instance as Instance;
  }

  get #all(): Instance[] {
    return [...this.#live.values(), ...this.#closing.values(), ...this.#working];
  }

  // ---- one instance's life ----

  /** @param queue at least one event: the scope is made from the first */
  #start(queue: Delivered[]): void {
    while (this.#live.size >= this.#options.max && this.#idle.first !== undefined) {
      this.#disconnect(this.#idle.first, "evicted");
    }
    const { route } = queue[0]!;
    const instance = new Instance(route, this);
    instance.queue = queue;
    instance.since = this.#now;
    const before = this.#senders.get(route.key);
    if (before !== undefined) instance.follow(before);
    this.#live.set(route.key, instance);
    this.#behind.add(instance);
    const { application, state } = this.#options;
    const scope = scopeOf(route, state, new InstanceExtensions(instance));
    // In a context of its own, so that its output and errors can be traced to it.
    outside(() => {
      enterContext(instance.context);
      instance.run(application, scope);
    });
  }

  #disconnect(instance: Instance, reason: DisconnectReason): void {
    this.#log(instance, "debug", `an instance is dropped: ${reason}`);
    this.#live.delete(instance.key);
    this.#idle.delete(instance);
    this.#closing.set(instance.key, instance);
    instance.since = this.#now;
    if (reason === "idle" || reason === "evicted") this.pulse.count(reason);
    instance.disconnect(reason);
  }

  /** Hands the queue to the scope's next instance. After drain() and revoke() that is one of another worker. */
  #succeed(instance: Instance): void {
    if (instance.queue.length === 0 || this.#drained !== undefined || instance.isMoving) return;
    const queue = instance.emptyQueue();
    if (!this.#gates.holdFirst(instance.key, queue)) this.#start(queue);
  }

  /** The instance has ended. With open work it is still there, but not for its scope's next event. */
  #left(instance: Instance): void {
    const { key } = instance;
    if (this.#live.get(key) === instance) this.#live.delete(key);
    this.#idle.delete(instance);
    if (instance.hasKept) {
      this.#working.add(instance);
      this.#leaveCalls(instance);
      if (this.#closing.get(key) === instance) this.#closing.delete(key);
    } else this.#closed(instance);
    this.#succeed(instance);
  }

  /**
   * Decides the end of an event when the application, or its open work, is done with it.
   * @returns false if it is given up: another instance will get it
   */
  #conclude(instance: Instance, delivered: Delivered, thrown: Thrown | undefined): boolean {
    const { outbound, reporter, retries } = this.#options;
    const { seq, event, delivery } = delivered;
    const place = placeInScope(instance.key, event);
    const hasFailed = isFailure(thrown) && !delivery.isCancelledBy(thrown.error);
    const isWorthAnother =
      hasFailed && (retries.asksAbout(thrown.error) || retries.after(thrown.error, delivery.attempt) !== undefined);
    if (instance.isStopping && (isGivingUp(thrown?.error) || isWorthAnother)) {
      reporter.log(
        "info",
        "an event was given up; it will be delivered again",
        hasFailed ? thrown.error : undefined,
        place,
      );
      return false;
    }
    if (hasFailed) {
      outbound.push({ type: "failed", seq, error: describe(thrown.error), ...place });
      this.#tell(delivered, thrown.error);
    } else this.settled(delivered, instance);
    return true;
  }

  /** @returns true if another instance gets the event later, or if the main thread is to decide on that */
  #isTriedAgain(instance: Instance, event: Delivered, thrown: Thrown | undefined): boolean {
    const { retries, outbound } = this.#options;
    const { delivery } = event;
    if (!isFailure(thrown) || instance.isStopping || isOver(delivery, thrown.error)) return false;
    const { error } = thrown;
    const { key } = instance;
    const after = retries.after(error, delivery.attempt);
    const asks = retries.asksAbout(error);
    if (!asks && after === undefined) return false;
    const { fact, next } = this.#anotherAttempt(instance, event, error);
    if (asks) outbound.push({ type: "threw", after, ...fact });
    else outbound.push({ type: "retry", after: after!, ...fact });
    if (instance.queue[0] === event) instance.dequeue();
    this.#gates.shut(key, asks ? this.#decided(event, next, error) : retries.wait(key, after!));
    this.#left(instance);
    this.#gates.holdFirst(key, [next]);
    return true;
  }

  /** @returns true if the scope gets the event later again, whose open work failed */
  #isWorkTriedAgain(instance: Instance, event: Delivered, thrown: Thrown | undefined): boolean {
    const { retries, outbound } = this.#options;
    const { delivery } = event;
    if (!isFailure(thrown) || instance.isStopping || isOver(delivery, thrown.error)) return false;
    // The main thread is asked about applications alone, whose events wait for it.
    const after = retries.after(thrown.error, delivery.attempt);
    if (after === undefined) return false;
    const { key } = instance;
    const { fact, next } = this.#anotherAttempt(instance, event, thrown.error);
    outbound.push({ type: "retry", after, ...fact });
    this.#gates.shut(key, retries.wait(key, after));
    this.#gates.holdFirst(key, [next]);
    return true;
  }

  /** @returns the event's next attempt, and the error of this one for the main thread */
  #anotherAttempt(instance: Instance, { delivery, seq, item, event }: Delivered, error: unknown) {
    const fact = { seq, error: describe(error), ...placeInScope(instance.key, event) };
    // The main thread tells which calls are uncertain now.
    const past = item.past && { ...item.past, uncertain: [] };
    const next = this.#options.again({ ...item, ...(past && { past }), attempt: delivery.attempt + 1 });
    return { fact, next };
  }

  /** Waits for the decision of the main thread, and follows it: `next` is before all that waits at the gate of the scope. */
  async #decided(event: Delivered, next: Delivered, error: unknown): Promise<void> {
    const { retries } = this.#options;
    const { key } = event.route;
    const after = await retries.decision(key, event.seq);
    if (after === undefined) {
      this.#gates.drop(next);
      this.#tell(event, error);
    } else if (after > 0) await retries.wait(key, after);
  }

  /** Tells of a dead letter, while the scope's next events wait. */
  #tell(delivered: Delivered, error: unknown): void {
    const told = this.#options.deadLetters.tell(delivered, error, this.calls);
    if (told !== undefined) this.#gates.shut(delivered.route.key, told);
  }

  #reportIdleThrow(instance: Instance, thrown: Thrown | undefined): void {
    if (!isFailure(thrown)) return;
    const message = "the application threw while it held no event";
    this.#options.reporter.log("error", message, thrown.error, placeInScope(instance.key));
  }

  #warnOfUnread({ key }: Instance, { event }: Delivered): void {
    const message = "the application returned without calling receive(); the event counts as handled";
    this.#options.reporter.log("warn", message, undefined, placeInScope(key, event));
  }

  /** Lets the scope's next instance count the calls of one that makes no others, or only by work that is open. */
  #leaveCalls(instance: Instance): void {
    if (instance.openCalls > 0 || instance.hasKept) this.#senders.set(instance.key, instance);
    else if (this.#senders.get(instance.key) === instance) this.#senders.delete(instance.key);
  }

  /** The instance has ended, or is given up. */
  #closed(instance?: Instance): void {
    if (instance !== undefined) this.#leaveCalls(instance);
    const key = instance?.key ?? "";
    if (this.#closing.get(key) === instance) this.#closing.delete(key);
    if (this.#closing.size + this.#working.size + this.#gates.size === 0) this.#drained?.resolve();
    if (instance === undefined) return;
    this.#whenClosed.get(instance)?.();
    this.#whenClosed.delete(instance);
  }

  // ---- the sweep ----

  #sweep(): void {
    this.#now = now();
    for (const instance of this.#senders.values()) this.#leaveCalls(instance);
    let longest = this.#idle.first;
    while (longest !== undefined && this.#now - longest.since >= this.#options.idleTimeout) {
      this.#disconnect(longest, "idle");
      longest = this.#idle.first;
    }
    for (const instance of this.#closing.values()) {
      if (this.#now - instance.since < SLOW) break;
      if (!instance.isMoving) this.#giveUp(instance);
    }
    for (const instance of this.#behind) {
      if (instance.queue.length === 0 || instance.state === "ended") this.#behind.delete(instance);
      else if (this.#now - instance.since >= SLOW) this.#warnOfSlow(instance);
    }
  }

  /** Stops waiting for the instance to end: its scope cannot wait for ever. */
  #giveUp(instance: Instance): void {
    this.#log(instance, "warn", `the application has not returned ${SLOW / 1000} s after telegram.disconnect`);
    this.#closed(instance);
    this.#succeed(instance);
  }

  /** Its shard moves without it: another machine delivers its events again. */
  #abandon(instance: Instance): void {
    const seconds = this.#options.moveTimeout / 1000;
    this.#log(
      instance,
      "warn",
      `the application has not finished ${seconds} s after telegram.disconnect; its chat moves on`,
    );
    instance.abandon();
    this.#working.delete(instance);
    this.#silent.delete(instance);
    this.#left(instance);
  }

  #warnOfSlow(instance: Instance): void {
    const { received, held, queue } = instance;
    const what = received ? `has been at ${held === undefined ? "work" : "an event"}` : "has not called receive()";
    const waiting = queue.length === 1 ? "1 event waits" : `${queue.length} events wait`;
    this.#log(instance, "warn", `the application ${what} for ${SLOW / 1000} s; ${waiting}`);
    // Once is enough, until it asks for its next event.
    instance.since = Number.POSITIVE_INFINITY;
  }

  #log({ key, held }: Instance, level: "debug" | "warn", message: string): void {
    this.#options.reporter.log(level, message, undefined, placeInScope(key, held?.event));
  }
}

/** Whole milliseconds: a fraction would take memory of its own in every instance. */
function now(): number {
  return Math.trunc(performance.now());
}

/** The end of an application that is disconnected is none. */
function isFailure(thrown: Thrown | undefined): thrown is Thrown {
  return thrown !== undefined && !(thrown.error instanceof DisconnectedError);
}

/** True if a throw ends the event in any case: it was cancelled, or its time limit is over, and the application does not ask for another attempt. */
function isOver(delivery: EventDelivery, error: unknown): boolean {
  return delivery.isCancelledBy(error) || (delivery.isLate && !(error instanceof RetryLater));
}

/** True for the errors of an application that gave up since its signal was aborted: the signal's reason, or Node.js's AbortError. */
function isGivingUp(error: unknown): boolean {
  return error instanceof DisconnectedError || (error instanceof Error && error.name === "AbortError");
}

/** Takes the queue, so that no event in it is reported twice or settled by a late return. @returns the numbers of its events */
function takeQueue(instance: Instance): number[] {
  return instance.emptyQueue().map(({ seq }) => seq);
}
