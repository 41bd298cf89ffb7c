/**
 * Tells once that an application computes inline, which holds up the other chats of its worker. It judges turns of the event loop.
 * Of one event or one answer to a call or job that begins a turn it is known that it took the time; with more of them only that one of
 * them did, and that is told if it happens again and again. Code that goes on with a timer, a file or a request of the application's own, in
 * the same turn or in another one, says nothing, so a timer looks whether the event loop turns, and the event took the time if it was the
 * only one at work. A worker that is busy with short turns watches some of them: an application that computes inline does it again.
 */

import { setImmediate } from "node:timers";
import type { EventItem, HostTask, Place, ToWorker } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import { whenCodeRests } from "../src/protocol/when-code-rests.ts";
import { readEvent } from "./event.ts";
import type { EventsAtWork } from "./events-at-work.ts";
import { placeInScope, type Reporter } from "./reporter.ts";

export interface BlockWatchOptions {
  task: Pick<HostTask, "worker" | "bot" | "line">;
  reporter: Pick<Reporter, "log">;
  pulse: Pick<Pulse, "seq">;
  atWork: Pick<EventsAtWork, "placeOf" | "look">;
  /** A clock: ms. */
  now?: () => number;
  /** Time for which the event loop was active so far: ms. */
  active?: () => number;
}

/** An event loop that does not turn for so long is blocked: ms. */
const BLOCKED = 200;
/** Blocks by one of several events after which it is told, and the share of each event in them: ms. Many short events are only load. */
const OFTEN = 3;
const SHARE = 100;
/** Time from the beginning of one watched turn to that of the next: ms. An immediate for each turn is felt where events are short. */
const SPACING = 20;
/** Time from one look at the event loop to the next: ms. */
const LOOK = 100;

type Cause = EventItem | "answer";

export class BlockWatch {
  readonly #options: BlockWatchOptions;
  readonly #now: () => number;
  readonly #active: () => number;
  /** The beginning of the watched turn: messages, and answers that came another way. */
  readonly #messages: (readonly ToWorker[] | "answer")[] = [];
  #begun = Number.NEGATIVE_INFINITY;
  /** Time that the code has taken which goes on with them: ms. */
  #taken = 0;
  /** Time from which such code runs; undefined when it is through. */
  #since: number | undefined;
  #hasTold = false;
  /** Blocks by one of several events. */
  #unclear = 0;
  /** Looks at the event loop while events are at work. */
  #looks: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #activeAtLook = 0;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#active = options.active ?? (() => performance.eventLoopUtilization().active);
  }

  /** A message has come: the application's code is about to run. */
  begin(message: readonly ToWorker[]): void {
    this.#begin(message);
  }

  /** An answer has come another way: the code that waits for it is about to go on. */
  goesOn(): void {
    this.#begin("answer");
  }

  #begin(message: readonly ToWorker[] | "answer"): void {
    if (this.#hasTold) return;
    if (this.#looks === undefined) this.#startLooks();
    const now = this.#now();
    if (this.#messages.length === 0) {
      if (now - this.#begun < SPACING) return;
      this.#begun = now;
      this.#taken = 0;
      setImmediate(this.#end);
    }
    this.#messages.push(message);
    if (this.#since === undefined) whenCodeRests(this.#pause);
    this.#since ??= now;
  }

  readonly #pause = (): void => {
    this.#taken += this.#now() - this.#since!;
    this.#since = undefined;
  };

  readonly #end = (): void => {
    const duration = this.#taken;
    // The turn is judged here.
    if (duration >= BLOCKED) this.#noteLook();
    const causes = duration < BLOCKED ? [] : this.#messages.flat().flatMap(causesIn);
    this.#messages.length = 0;
    const [cause] = causes;
    if (cause === undefined) return;
    if (causes.length > 1) return this.#noteUnclear(duration, causes.length);
    const place = cause === "answer" ? this.#placeAtHand : this.#placeOf(cause);
    if (place !== undefined) this.#tellOf(place, duration);
  };

  #startLooks(): void {
    this.#noteLook();
    this.#looks = setInterval(() => this.#look(), LOOK).unref();
  }

  #look(): void {
    const { count, only } = this.#options.atWork.look();
    const isBlocked = this.#now() - this.#lookedAt >= BLOCKED;
    // The time between two looks has an idle part.
    const duration = this.#active() - this.#activeAtLook;
    this.#noteLook();
    if (isBlocked && duration >= BLOCKED && only !== undefined) this.#tellOf(only, duration);
    if (count === 0) this.#stopLooks();
  }

  #noteLook(): void {
    this.#lookedAt = this.#now();
    this.#activeAtLook = this.#active();
  }

  #stopLooks(): void {
    clearInterval(this.#looks);
    this.#looks = undefined;
  }

  #noteUnclear(duration: number, causes: number): void {
    if (duration / causes < SHARE) return;
    this.#unclear += 1;
    if (this.#unclear === OFTEN) this.#tell(duration, `one of ${causes} events, and not for the first time`);
  }

  /** The place that the application last worked at, if it still holds that event. */
  get #placeAtHand(): Place | undefined {
    const { atWork, pulse } = this.#options;
    return atWork.placeOf(pulse.seq);
  }

  #placeOf(item: EventItem): Place {
    const { bot, line } = this.#options.task;
    const { event, route } = readEvent(item, bot, line);
    return placeInScope(route.key, event);
  }

  #tellOf(place: Place, duration: number): void {
    const [scope] = place.scope!.split("/") as [string];
    this.#tell(duration, `${scope.replace(":", " ")} (update ${place.update_id})`, place);
  }

  #tell(duration: number, by: string, place?: Place): void {
    const { task, reporter } = this.#options;
    this.#hasTold = true;
    this.#stopLooks();
    const message = `worker ${task.worker} was blocked for ${Math.round(duration)} ms by ${by}: move this to offload()`;
    reporter.log("warn", message, undefined, place);
  }
}

/** The events and answers in an item: the application's code goes on with each. */
function causesIn(item: ToWorker | "answer"): readonly Cause[] {
  if (item === "answer") return [item];
  switch (item.type) {
    case "events":
      return item.events;
    case "result":
    case "file":
    case "failure":
    case "got":
    case "set":
      return ["answer"];
    default:
      return [];
  }
}
