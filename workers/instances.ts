/**
 * The application instances of one worker: one per scope, made by its first event and gone when the application returns or
 * throws, when it is evicted while idle, or when the worker is drained.
 */

import { DisconnectedError } from "../src/protocol/errors.ts";
import type { DisconnectReason } from "../src/protocol/events.ts";
import type { Call, Place } from "../src/protocol/port.ts";
import type { Caller } from "./calls.ts";
import { scopeOf } from "./event.ts";
import { IdleLine } from "./idle-line.ts";
import { type Delivered, type Ending, Instance, InstanceExtensions, type InstanceHost } from "./instance.ts";
import type { Asgi3 } from "./loader.ts";
import { describe, placeInScope, type Reporter } from "./reporter.ts";

export interface InstancesOptions {
  application: Asgi3;
  /** What lifespan startup left. */
  state: Record<string, unknown>;
  /** The most instances to keep while any of them is idle. */
  max: number;
  /** Milliseconds after which an idle instance is dropped. */
  idleTimeout: number;
  reporter: Pick<Reporter, "log" | "within" | "source">;
  settle(seq: number): void;
  fail(seq: number, place: Place, error: string): void;
  call(call: Call, from: number | string, caller: Caller): Promise<unknown>;
  /** The application goes on with an event. */
  workAt(seq: number): void;
  /** One has been dropped because it was idle: for too long, or for the longest where there was no room. */
  dropped(reason: "idle" | "evicted"): void;
}

/** How long events may wait behind an application that does not ask for them before that is worth a warning: ms. */
const SLOW = 30_000;

export class Instances implements InstanceHost {
  readonly #options: InstancesOptions;
  readonly #live = new Map<string, Instance>();
  /** Those that wait for an event, the longest idle first. */
  readonly #idle = new IdleLine<Instance>();
  /** Those that had events queued when last seen. */
  readonly #behind = new Set<Instance>();
  /** Disconnected, and not yet at their end. What comes for their scopes waits, so that no two instances of one overlap. */
  readonly #closing = new Map<string, Instance>();
  readonly #sweeper: NodeJS.Timeout;
  /** A clock that is coarse, and therefore free to read. */
  #now = now();
  #drained: PromiseWithResolvers<void> | undefined;
  /** Events that came when no more were handed out. */
  readonly #tooLate: number[] = [];

  constructor(options: InstancesOptions) {
    this.#options = options;
    const period = Math.min(1000, Math.max(10, options.idleTimeout / 4));
    this.#sweeper = setInterval(() => this.#sweep(), period).unref();
  }

  /** How many there are. */
  get size(): number {
    return this.#live.size + this.#closing.size;
  }

  deliver(delivered: Delivered): void {
    if (this.#drained !== undefined) {
      this.#tooLate.push(delivered.seq);
      return;
    }
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

  /**
   * Disconnects every instance, and resolves when none of them is at work any more.
   * @returns the numbers of the events that no application has seen
   */
  async drain(reason: DisconnectReason): Promise<number[]> {
    this.#drained = Promise.withResolvers();
    clearInterval(this.#sweeper);
    const instances = [...this.#live.values(), ...this.#closing.values()];
    for (const instance of this.#live.values()) this.#disconnect(instance, reason);
    this.#closed();
    await this.#drained.promise;
    return [...instances.flatMap(({ queue }) => queue.map(({ seq }) => seq)), ...this.#tooLate];
  }

  // ---- what instances tell their host ----

  settle(seq: number, instance: Instance): void {
    instance.since = this.#now;
    this.#options.settle(seq);
  }

  call(call: Call, from: number | string, caller: Caller): Promise<unknown> {
    return this.#options.call(call, from, caller);
  }

  workAt(seq: number): void {
    this.#options.workAt(seq);
  }

  refused(error: unknown, instance: Instance): void {
    this.#log(instance, "warn", `send() refused an event: ${error}`);
  }

  becameIdle(instance: Instance): void {
    instance.since = this.#now;
    this.#idle.add(instance);
  }

  becameSilent(instance: Instance): void {
    this.#closed(instance);
    this.#succeed(instance);
  }

  // Whose end it is, the async context knows: functions that knew it themselves would be kept by each idle instance.
  readonly returned = (): void => this.#running.end(undefined);
  readonly threw = (error: unknown): void => this.#running.end({ error });

  ended(instance: Instance, ending: Ending): void {
    const { key } = instance;
    if (this.#live.get(key) === instance) this.#live.delete(key);
    this.#idle.delete(instance);
    this.#conclude(instance, ending);
    this.#closed(instance);
    this.#succeed(instance);
  }

  /** The instance whose code is running. */
  get #running(): Instance {
    return this.#options.reporter.source as Instance;
  }

  // ---- one instance's life ----

  /** @param queue at least one event: the scope is made of the first */
  #start(queue: Delivered[]): void {
    while (this.#live.size >= this.#options.max && this.#idle.first !== undefined) {
      this.#disconnect(this.#idle.first, "evicted");
    }
    const { route } = queue[0]!;
    const instance = new Instance(route, this);
    instance.queue = queue;
    instance.since = this.#now;
    this.#live.set(route.key, instance);
    this.#behind.add(instance);
    const { application, state, reporter } = this.#options;
    const scope = scopeOf(route, state, new InstanceExtensions(instance));
    reporter.within(instance, () => instance.run(application, scope));
  }

  #disconnect(instance: Instance, reason: DisconnectReason): void {
    this.#log(instance, "debug", `an instance is dropped: ${reason}`);
    this.#live.delete(instance.key);
    this.#idle.delete(instance);
    this.#closing.set(instance.key, instance);
    instance.since = this.#now;
    if (reason === "idle" || reason === "evicted") this.#options.dropped(reason);
    instance.disconnect(reason);
  }

  /** What is still queued is for the scope's next instance; when draining, that is one of another worker. */
  #succeed(instance: Instance): void {
    if (instance.queue.length === 0 || this.#drained !== undefined) return;
    this.#start(instance.emptyQueue());
  }

  /** The one place that decides what becomes of the event at hand when an application ends. */
  #conclude(instance: Instance, { thrown, held, received }: Ending): void {
    const { settle, fail, reporter } = this.#options;
    // An instance that never asked for anything answers for the event that it was made for, or it would be made for ever.
    const event = held ?? (received ? undefined : instance.dequeue());
    const place = placeInScope(instance.key, event?.event);
    if (held !== undefined && instance.isStopping && isGivingUp(thrown?.error)) {
      reporter.log("info", "an event was given up; it will be delivered again", undefined, place);
      return;
    }
    if (thrown === undefined || thrown.error instanceof DisconnectedError) {
      if (event === undefined) return;
      settle(event.seq);
      if (!received) {
        const message = "the application returned without calling receive(); the event counts as handled";
        reporter.log("warn", message, undefined, place);
      }
      return;
    }
    const error = describe(thrown.error);
    if (event !== undefined) fail(event.seq, place, error);
    else reporter.log("error", "the application threw while it held no event", thrown.error, place);
  }

  /** The instance has come to its end, or as good as that. */
  #closed(instance?: Instance): void {
    const key = instance?.key ?? "";
    if (this.#closing.get(key) === instance) this.#closing.delete(key);
    if (this.#closing.size === 0) this.#drained?.resolve();
  }

  // ---- once a second ----

  #sweep(): void {
    this.#now = now();
    let longest = this.#idle.first;
    while (longest !== undefined && this.#now - longest.since >= this.#options.idleTimeout) {
      this.#disconnect(longest, "idle");
      longest = this.#idle.first;
    }
    for (const instance of this.#closing.values()) {
      if (this.#now - instance.since < SLOW) break;
      this.#giveUp(instance);
    }
    for (const instance of this.#behind) {
      if (instance.queue.length === 0 || instance.state === "ended") this.#behind.delete(instance);
      else if (this.#now - instance.since >= SLOW) this.#warnOfSlow(instance);
    }
  }

  /** Its scope cannot wait for ever. */
  #giveUp(instance: Instance): void {
    this.#log(instance, "warn", `the application has not returned ${SLOW / 1000} s after telegram.disconnect`);
    this.#closed(instance);
    this.#succeed(instance);
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

/** In whole milliseconds: a number with a fraction takes memory of its own, and every instance keeps one. */
function now(): number {
  return Math.trunc(performance.now());
}

/** What an application throws that gives up because its signal was aborted: the signal's reason, or Node.js's word for it. */
function isGivingUp(error: unknown): boolean {
  return error instanceof DisconnectedError || (error instanceof Error && error.name === "AbortError");
}
