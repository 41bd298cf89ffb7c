/**
 * One application instance: the server's side of one call of `application(scope, receive, send)`.
 *
 *     running ---- receive(), nothing queued ----> idle
 *     running <----------- deliver() ------------- idle
 *     running -- disconnect(), next receive() --> disconnected <-- disconnect() -- idle
 *     any state -- the application returns or throws --> ended
 *
 * - `receive()` settles the event that the instance holds, then hands out the next one, or waits for it.
 * - Disconnected or ended: `receive()` never resolves again, `send()` rejects.
 * - What is queued when it ends is the host's to hand to the scope's next instance; what it held is settled or has failed.
 */

import type { Extensions } from "../src/protocol/asgi.ts";
import { DisconnectedError, ReceiveError } from "../src/protocol/errors.ts";
import type { DisconnectReason } from "../src/protocol/events.ts";
import type { Call } from "../src/protocol/port.ts";
import type { Route } from "../src/protocol/route.ts";
import type { Caller } from "./calls.ts";
import { encode } from "./encode.ts";
import type { Member } from "./idle-line.ts";
import type { Asgi3 } from "./loader.ts";
import { Streams } from "./streams.ts";

/** An event, the inbox's number for it, and whose it is. */
export interface Delivered {
  seq: number;
  event: { type: string };
  route: Route;
}

/** How the application came to its end, and with what in hand. */
export interface Ending {
  /** What it threw, if it threw. */
  thrown: { error: unknown } | undefined;
  held: Delivered | undefined;
  /** False where it never asked for an event. */
  received: boolean;
}

/** What an instance needs of the host it lives in. */
export interface InstanceHost {
  settle(seq: number, instance: Instance): void;
  /** @param from the number of the event that the instance is at, or its scope */
  call(call: Call, from: number | string, caller: Caller): Promise<unknown>;
  /** The application goes on with that event. */
  workAt(seq: number): void;
  /** The application tried to send what is no event. */
  refused(error: unknown, instance: Instance): void;
  /** The application waits for an event, and there is none. */
  becameIdle(instance: Instance): void;
  /** For the promise that an application gave, whichever instance it is of: lets that one end(). */
  readonly returned: () => void;
  readonly threw: (error: unknown) => void;
  /** The application has returned or thrown. */
  ended(instance: Instance, ending: Ending): void;
  /** The application asked for more after its disconnect event: it will never be heard of again. */
  becameSilent(instance: Instance): void;
}

export type InstanceState = "running" | "idle" | "disconnected" | "ended";

/** The queue of all who have none: a list that has once been filled keeps its memory, and most instances are idle. */
const NOTHING: Delivered[] = [];
Object.freeze(NOTHING);

export class Instance implements Caller, Member {
  /** Of its scope. */
  readonly key: string;
  /** Delivered to this scope, not yet received. */
  queue = NOTHING;
  /** When it last became idle or was handed an event, in whole milliseconds of the host's clock. */
  since = 0;
  /** Its place among the idle. */
  before: Instance | undefined;
  after: Instance | undefined;

  readonly #host: InstanceHost;
  /** Of the route no more than this: what the scope was made of is the application's. */
  readonly #chat: number | undefined;
  readonly #business: string | undefined;
  #state: InstanceState = "running";
  #held: Delivered | undefined;
  #received = false;
  #resolveReceive: ((event: object) => void) | undefined;
  #disconnectReason: DisconnectReason | undefined;
  #stop: AbortController | undefined;
  #streams: Streams | undefined;

  constructor(route: Route, host: InstanceHost) {
    const { key, subject, id, business_connection_id, guest_query_id } = route;
    this.key = key;
    this.#host = host;
    this.#chat = subject === "chat" && guest_query_id === undefined ? id : undefined;
    this.#business = business_connection_id;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** The event that the application works on. */
  get held(): Delivered | undefined {
    return this.#held;
  }

  /** False while the application has never asked for an event. */
  get received(): boolean {
    return this.#received;
  }

  /** Whether it has been told to stop, or will be when it next asks. */
  get isStopping(): boolean {
    return this.#disconnectReason !== undefined;
  }

  /** Aborted when the instance is to be dropped; made only for those who ask. */
  get signal(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.#disconnectReason !== undefined) this.#stop.abort(stopError(this.#disconnectReason));
    return this.#stop.signal;
  }

  /** Made only for those who have files to send or fetch. */
  get streams(): Streams {
    this.#streams ??= new Streams();
    if (this.#state === "ended") this.#streams.close();
    return this.#streams;
  }

  /** Runs the application. */
  run(application: Asgi3, scope: object): void {
    // Neither an async function nor closures: what they keep, every idle instance would.
    const [receive, send] = [this.receive.bind(this), this.send.bind(this)];
    begun(application, scope, receive, send).then(this.#host.returned, this.#host.threw);
  }

  deliver(delivered: Delivered): void {
    if (this.#resolveReceive === undefined) return this.enqueue(delivered);
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

  /** Takes all of it. */
  emptyQueue(): Delivered[] {
    const { queue } = this;
    this.queue = NOTHING;
    return queue;
  }

  /** Tells an idle application at once, a running one when it next asks. */
  disconnect(reason: DisconnectReason): void {
    this.#disconnectReason = reason;
    this.#stop?.abort(stopError(reason));
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
    if (this.#held !== undefined) {
      this.#host.settle(this.#held.seq, this);
      this.#held = undefined;
    }
    if (this.#state !== "running") return this.#silence();
    if (this.#disconnectReason !== undefined) {
      this.#state = "disconnected";
      return Promise.resolve({ type: "telegram.disconnect", reason: this.#disconnectReason });
    }
    const next = this.dequeue();
    return next === undefined ? this.#wait() : Promise.resolve(this.#hold(next));
  }

  send(event: unknown): Promise<unknown> {
    if (this.#state === "disconnected" || this.#state === "ended") {
      const why = this.#state === "ended" ? "the application has returned" : "the instance has been disconnected";
      return refusal(new DisconnectedError(`nothing can be sent for ${this.key} any more: ${why}`));
    }
    let call: Call;
    try {
      call = encode(event, { chat_id: this.#chat, business_connection_id: this.#business }, this);
    } catch (error) {
      this.#host.refused(error, this);
      return refusal(error);
    }
    return this.#host.call(call, this.#held?.seq ?? this.key, this);
  }

  /** There is an answer to a call. */
  resume(): void {
    if (this.#held !== undefined) this.#host.workAt(this.#held.seq);
  }

  /** The application has come to its end. */
  end(thrown: Ending["thrown"]): void {
    const ending = { thrown, held: this.#held, received: this.#received };
    this.#state = "ended";
    this.#held = undefined;
    this.#streams?.close();
    this.#host.ended(this, ending);
  }

  #hold(delivered: Delivered): object {
    this.#held = delivered;
    this.#host.workAt(delivered.seq);
    return delivered.event;
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
    // A promise of its own each time: one that all shared would keep every instance that ever waited on it alive.
    return new Promise(() => {});
  }
}

/** The promise that an application gave, or one of what else it did. */
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

/** `scope.extensions`. An AbortSignal costs more than all the rest of an instance: it is made when it is first looked at. */
export class InstanceExtensions implements Extensions {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  get signal(): AbortSignal {
    return this.#instance.signal;
  }
}

/** What the application does not wait for must not end its whole worker when it is refused. */
function refusal(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}
