/**
 * One application instance: the server's side of one call of `application(scope, receive, send)`.
 *
 *     running ---- receive(), nothing queued ----> idle
 *     running <----------- deliver() ------------- idle
 *     running -- disconnect(), next receive() --> disconnected <-- disconnect() -- idle
 *     any state -- the application returns or throws --> ended
 *
 * - `receive()` settles the event that the instance holds, then hands out the next one, or waits for it. An event with open work
 *   (`waitUntil()`) is kept instead, and settled when its work is over.
 * - While 1,000 calls of the scope are without an answer, the next event waits: the application sends faster than Telegram takes it.
 * - Disconnected or ended: `receive()` never resolves again, and `send()` rejects once no event is kept.
 * - The host hands the queue of an ended instance to the scope's next instance; the event that it held is settled or has failed.
 *
 * The file is longer than others because an object for each part would cost memory in every idle instance.
 */

import type { Extensions } from "../src/protocol/asgi.ts";
import { DisconnectedError, NetworkError, ReceiveError } from "../src/protocol/errors.ts";
import type { DisconnectReason } from "../src/protocol/events.ts";
import type { Call, EventItem } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import type { Route } from "../src/protocol/route.ts";
import { topicOf } from "../src/protocol/topic.ts";
import type { Caller, Calls } from "./calls.ts";
import { type ContextEvent, currentContext, EventContext, enterContext, givenUp } from "./current-event.ts";
import { type Defaults, defaultChatOf, encode } from "./encode.ts";
import type { DeliveryHolder, EventDelivery, Thrown } from "./event-delivery.ts";
import type { EventsAtWork } from "./events-at-work.ts";
import type { Member } from "./idle-line.ts";
import type { Asgi3 } from "./loader.ts";
import { Streams } from "./streams.ts";

/** An event, the inbox's number of it, and its instance's address. */
export interface Delivered extends ContextEvent {
  readonly route: Route;
  /** The event as it came: the application may have changed the other one. */
  readonly item: EventItem;
  /** The Update from which the event was made. */
  readonly update: object;
}

/** The end of an application. */
export interface Ending {
  /** The error that it threw, if it threw. */
  thrown: Thrown | undefined;
  /** The event that it held. */
  held: Delivered | undefined;
  /** False if it never asked for an event. */
  received: boolean;
}

/** The worker's side that an instance lives in. */
export interface InstanceHost {
  readonly calls: Pick<Calls, "make">;
  readonly pulse: Pick<Pulse, "willWorkAt">;
  readonly atWork: Pick<EventsAtWork, "begin" | "end">;
  /** Longest work at an event: ms; Infinity without a limit. */
  readonly eventTimeout: number;
  /** The code of that event is about to go on with an answer that did not come through the worker's port. */
  goesOn(seq: number, limit: number): void;
  settled(event: Delivered, instance: Instance): void;
  /** The application goes on, while work at that event is open. */
  kept(seq: number, instance: Instance): void;
  /** The work at an event that was kept is over. */
  workOver(instance: Instance, event: Delivered, thrown: Thrown | undefined): void;
  /** The event's time and its grace are over: it has failed. If it was at hand, the instance has ended. */
  overdue(instance: Instance, event: Delivered, error: Error): void;
  /** The application is busy at the event: the call shows an action to its chat. */
  busy(seq: number, call: Call): void;
  /** The event's code saves its state, as JSON. */
  saved(seq: number, json: string): void;
  /** True if no event of its scope may begin now. */
  holds(instance: Instance): boolean;
  /** send() refused the application's event. */
  refused(error: unknown, instance: Instance): void;
  /** The application waits for an event, and there is none. */
  becameIdle(instance: Instance): void;
  /** Attached to every application's promise; finds the instance in the async context and ends it. */
  readonly returned: () => void;
  readonly threw: (error: unknown) => void;
  /** The application returned or threw. */
  ended(instance: Instance, ending: Ending): void;
  /** The application asked for another event after its disconnect event: nothing more comes from it. */
  becameSilent(instance: Instance): void;
}

export type InstanceState = "running" | "idle" | "disconnected" | "ended";

/** The queue of every instance without events: a list that was filled once keeps its memory, and most instances are idle. */
const NOTHING: Delivered[] = [];
Object.freeze(NOTHING);

/** Calls without an answer at which the next event waits, and at which send() rejects. */
const MANY_CALLS = 1000;
const MOST_CALLS = 100_000;

/** The calls of a scope without an answer: an instance counts those of the instances before it. */
class OpenCalls {
  count = 0;
  /** The scope's newest instance. */
  owner: Instance;

  constructor(owner: Instance) {
    this.owner = owner;
  }
}

export class Instance implements Caller, DeliveryHolder, Member {
  /** Of its scope. */
  readonly key: string;
  /** Delivered to this scope, not yet received. */
  queue = NOTHING;
  /** Time at which it last became idle or received an event, in whole milliseconds of the host's clock. */
  since = 0;
  /** Its neighbours among the idle instances. */
  before: Instance | undefined;
  after: Instance | undefined;

  readonly #host: InstanceHost;
  /** All that is kept of the route: the scope's objects belong to the application. */
  readonly #chat: number | undefined;
  readonly #topic: number | undefined;
  readonly #business: string | undefined;
  #state: InstanceState = "running";
  #context: EventContext;
  /** Events whose work is open although the application went on, with the contexts of their code. */
  #kept: Map<Delivered, EventContext> | undefined;
  #received = false;
  /** Made at the first call. */
  #open: OpenCalls | undefined;
  #resolveReceive: ((event: object) => void) | undefined;
  #disconnectReason: DisconnectReason | undefined;
  #stop: AbortController | undefined;
  #streams: Streams | undefined;

  constructor(route: Route, host: InstanceHost) {
    const { key, topic, business_connection_id } = route;
    this.key = key;
    this.#host = host;
    this.#context = new EventContext(this);
    this.#chat = defaultChatOf(route);
    this.#topic = topic;
    this.#business = business_connection_id;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** The context of the application's code. */
  get context(): EventContext {
    return this.#context;
  }

  /** The event that the application works on. */
  get held(): Delivered | undefined {
    return this.#context.held as Delivered | undefined;
  }

  /** True while work at events that the application has left is open. */
  get hasKept(): boolean {
    return this.#kept !== undefined && this.#kept.size > 0;
  }

  get eventTimeout(): number {
    return this.#host.eventTimeout;
  }

  /** False while the application has never asked for an event. */
  get received(): boolean {
    return this.#received;
  }

  /** True if it was told to stop, or will be at its next receive(). */
  get isStopping(): boolean {
    return this.#disconnectReason !== undefined;
  }

  /** True if its shard was taken away: its queue is not for an instance of this worker. */
  get isMoving(): boolean {
    return this.#disconnectReason === "moved";
  }

  /** True if nothing can be sent for its scope any more. */
  get isGone(): boolean {
    return !this.hasKept && (this.#state === "disconnected" || this.#state === "ended");
  }

  /** Aborted when the instance is about to be dropped. Made at the first use. */
  get signal(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.#disconnectReason !== undefined) this.#stop.abort(stopError(this.#disconnectReason));
    return this.#stop.signal;
  }

  /** Made at the first use, by an upload or a download. */
  get streams(): Streams {
    this.#streams ??= new Streams();
    if (this.#state === "ended") this.#streams.close();
    return this.#streams;
  }

  /** Runs the application. */
  run(application: Asgi3, scope: object): void {
    // Neither an async function nor closures: every idle instance would keep them.
    const [receive, send] = [this.receive.bind(this), this.send.bind(this)];
    begun(application, scope, receive, send).then(this.#host.returned, this.#host.threw);
  }

  /** True while its next event waits for answers to the scope's calls. */
  get isFlooding(): boolean {
    return this.openCalls >= MANY_CALLS;
  }

  /** Number of the scope's calls without an answer. */
  get openCalls(): number {
    return this.#open?.count ?? 0;
  }

  /** Counts the calls of the scope's instance before this one, which may make others. */
  follow(before: Instance): void {
    before.#open ??= new OpenCalls(before);
    before.#open.owner = this;
    this.#open = before.#open;
  }

  deliver(delivered: Delivered): void {
    if (this.#resolveReceive === undefined || this.isFlooding) return this.enqueue(delivered);
    const resolve = this.#resolveReceive;
    this.#resolveReceive = undefined;
    this.#state = "running";
    resolve(this.#hold(delivered));
  }

  enqueue(delivered: Delivered): void {
    if (this.queue === NOTHING) this.queue = [delivered];
    else this.queue.push(delivered);
  }

  /** Takes the next event out of the queue. */
  dequeue(): Delivered | undefined {
    if (this.queue === NOTHING) return undefined;
    const next = this.queue.shift();
    if (this.queue.length === 0) this.queue = NOTHING;
    return next;
  }

  /** Takes the whole queue. */
  emptyQueue(): Delivered[] {
    const { queue } = this;
    this.queue = NOTHING;
    return queue;
  }

  /** Tells an idle application at once, a running one when it next asks. */
  disconnect(reason: DisconnectReason): void {
    this.#disconnectReason = reason;
    this.#stop?.abort(stopError(reason));
    for (const { delivery } of this.unsettled) delivery.abort(stopError(reason));
    if (this.#resolveReceive === undefined) return;
    this.#state = "disconnected";
    this.#resolveReceive({ type: "telegram.disconnect", reason });
    this.#resolveReceive = undefined;
  }

  receive(): Promise<unknown> {
    if (this.#resolveReceive !== undefined) {
      return refusal(new ReceiveError("receive() was called while an earlier receive() still waits for an event"));
    }
    this.#received = true;
    if (this.held !== undefined) this.#leave(this.held);
    if (this.#state !== "running") return this.#silence();
    if (this.#disconnectReason !== undefined) {
      this.#state = "disconnected";
      return Promise.resolve({ type: "telegram.disconnect", reason: this.#disconnectReason });
    }
    const next = this.isFlooding || this.#host.holds(this) ? undefined : this.dequeue();
    return next === undefined ? this.#wait() : Promise.resolve(this.#hold(next));
  }

  send(event: unknown): Promise<unknown> {
    const error = givenUp();
    if (error !== undefined) return refusal(error);
    if (this.isGone) {
      const isTold = this.#disconnectReason !== undefined;
      const why = isTold ? "the instance has been disconnected" : "the application has returned";
      return refusal(new DisconnectedError(`nothing can be sent for ${this.key} any more: ${why}`));
    }
    let call: Call;
    try {
      call = encode(event, this.#defaults, this);
    } catch (error) {
      this.#host.refused(error, this);
      return refusal(error);
    }
    return this.make(call);
  }

  /** Makes a call at the event to which the running code belongs. */
  make(call: Call): Promise<unknown> {
    this.#open ??= new OpenCalls(this);
    if (this.#open.count >= MOST_CALLS) {
      return refusal(new NetworkError(call.method, "none", `${MOST_CALLS} calls of ${this.key} have no answer yet`));
    }
    this.#open.count += 1;
    return this.#host.calls.make(call, this.key, this, this.#eventOfCode);
  }

  /** Its next event may begin. */
  resume(): void {
    if (this.#resolveReceive === undefined || this.isFlooding) return;
    const next = this.dequeue();
    if (next !== undefined) this.deliver(next);
  }

  /** One of its calls has its answer. */
  answered(): void {
    const open = this.#open!;
    open.count -= 1;
    if (open.count === MANY_CALLS - 1) open.owner.#goOn();
  }

  /** The scope floods no longer. */
  #goOn(): void {
    if (this.#state !== "idle" || this.#host.holds(this)) return;
    const next = this.dequeue();
    if (next === undefined) this.#host.becameIdle(this);
    else this.deliver(next);
  }

  /** The application has ended. */
  end(thrown: Ending["thrown"]): void {
    // Its event took too long: it has ended for the host.
    if (this.#state === "ended") return;
    const { held } = this;
    if (thrown === undefined && held?.delivery.isOpen) this.#keep(held);
    this.#finish({ thrown: thrown ?? this.held?.delivery.thrown, held: this.held, received: this.#received });
  }

  /** The application's code threw, where nothing catches it: at its event, or at none. */
  threw(error: unknown, event: ContextEvent | undefined): void {
    const kept = event === undefined ? undefined : this.#keptOf(event.delivery);
    if (kept === undefined) return this.end({ error });
    this.over(kept);
    this.#closeStreams();
    this.#host.workOver(this, kept, { error });
  }

  /** The event that was at hand or kept is settled, has failed, or is given up. */
  over(event: Delivered): void {
    event.delivery.end();
    this.#host.atWork.end(event);
    if (this.#context.held === event) this.#context.held = undefined;
    this.#kept?.delete(event);
  }

  workOver(delivery: EventDelivery): void {
    const event = this.#keptOf(delivery);
    // At hand: it is settled when the application goes on.
    if (event === undefined) return;
    this.over(event);
    this.#closeStreams();
    this.#host.workOver(this, event, delivery.thrown);
  }

  overdue(delivery: EventDelivery, error: Error): void {
    const { held } = this;
    const event = held?.delivery === delivery ? held : this.#keptOf(delivery);
    if (event === undefined) return;
    this.#giveUp(event);
    if (event === held) this.#state = "ended";
    this.#closeStreams();
    this.#host.overdue(this, event, error);
  }

  /** Its shard is taken away without waiting for it any longer: the events that it has are given up, and nothing more comes from it. */
  abandon(): void {
    for (const event of this.unsettled) this.#giveUp(event);
    this.#state = "ended";
    this.#closeStreams();
  }

  /** The event is over, and its code may go on. */
  #giveUp(event: Delivered): void {
    const context = this.#kept?.get(event) ?? this.#context;
    context.isGivenUp = true;
    this.over(event);
  }

  limited(): void {
    const event = this.#eventOfCode;
    if (event !== undefined) this.#host.pulse.willWorkAt(event.seq, event.delivery.limit);
  }

  goesOn(delivery: EventDelivery): void {
    const event = this.unsettled.find((one) => one.delivery === delivery);
    if (event !== undefined) this.#host.goesOn(event.seq, delivery.limit);
  }

  busy(delivery: EventDelivery, action: string): void {
    const event = this.unsettled.find((one) => one.delivery === delivery);
    // A user's scope has no chat to show it in.
    if (event === undefined || this.#chat === undefined) return;
    const message_thread_id = topicOf(event.event);
    const shown = { type: "telegram.send_chat_action", action, message_thread_id };
    this.#host.busy(event.seq, encode(shown, this.#defaults, this));
  }

  saved(delivery: EventDelivery, json: string): void {
    const event = this.unsettled.find((one) => one.delivery === delivery);
    if (event !== undefined) this.#host.saved(event.seq, json);
  }

  /** The event at hand, and those that are kept. */
  get unsettled(): Delivered[] {
    const kept = [...(this.#kept?.keys() ?? [])];
    return this.held === undefined ? kept : [...kept, this.held];
  }

  get #defaults(): Defaults {
    return { chat_id: this.#chat, message_thread_id: this.#topic, business_connection_id: this.#business };
  }

  /** The event to which the running code belongs. */
  get #eventOfCode(): ContextEvent | undefined {
    const context = currentContext();
    return (context?.instance === this ? context.held : undefined) ?? this.held;
  }

  #keptOf(delivery: EventDelivery): Delivered | undefined {
    return [...(this.#kept?.keys() ?? [])].find((event) => event.delivery === delivery);
  }

  #hold(delivered: Delivered): object {
    this.#context.held = delivered;
    delivered.delivery.begin(this);
    this.#host.atWork.begin(delivered);
    this.#host.pulse.willWorkAt(delivered.seq, delivered.delivery.limit);
    if (this.#disconnectReason !== undefined) delivered.delivery.abort(stopError(this.#disconnectReason));
    return delivered.event;
  }

  /** The application goes on to its next event. */
  #leave(held: Delivered): void {
    const { delivery } = held;
    if (delivery.isOpen) {
      this.#keep(held);
      // The code of the open work keeps the context of its event.
      enterContext(this.#context);
      return;
    }
    this.over(held);
    if (delivery.thrown === undefined) this.#host.settled(held, this);
    else this.#host.workOver(this, held, delivery.thrown);
  }

  #keep(event: Delivered): void {
    this.#kept ??= new Map();
    this.#kept.set(event, this.#context);
    this.#context = new EventContext(this);
    this.#host.kept(event.seq, this);
  }

  #finish(ending: Ending): void {
    this.#state = "ended";
    if (ending.held !== undefined) this.over(ending.held);
    this.#closeStreams();
    this.#host.ended(this, ending);
  }

  #closeStreams(): void {
    if (this.#state === "ended" && !this.hasKept) this.#streams?.close();
  }

  #wait(): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<object>();
    this.#resolveReceive = resolve;
    this.#state = "idle";
    this.#host.becameIdle(this);
    return promise;
  }

  #silence(): Promise<never> {
    this.#host.becameSilent(this);
    // A new promise each time: a shared one would keep every instance that ever waited for it alive.
    return new Promise(() => {});
  }
}

/** Calls the application. @returns its promise; a settled one if it returned something else or threw */
function begun(application: Asgi3, ...call: Parameters<Asgi3>): Promise<unknown> {
  try {
    return Promise.resolve(application(...call));
  } catch (error) {
    return Promise.reject(error);
  }
}

function stopError(reason: DisconnectReason): DisconnectedError {
  return new DisconnectedError(`the instance is being dropped: ${reason}`);
}

/** `scope.extensions`. An AbortSignal costs more memory than the rest of an instance, so it is made at its first use. */
export class InstanceExtensions implements Extensions {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  get signal(): AbortSignal {
    return this.#instance.signal;
  }
}

/** A rejection that the application does not wait for must not end the worker. */
function refusal(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
