/**
 * Tells once that an application computes inline, which holds up the other chats of its worker. It judges turns of the event loop.
 * Of one event or one answer to a call that begins a turn it is known that it took the time; with more of them only that one of them
 * did, and that is told if it happens again and again. A turn that begins with a
 * timer or a request of the application's own is not watched. A worker that is busy with short turns watches some of them: an
 * application that computes inline does it again.
 */

import { setImmediate } from "node:timers";
import type { EventItem, HostTask, Place, ToWorker } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import { readEvent } from "./event.ts";
import type { Instances } from "./instances.ts";
import { placeInScope, type Reporter } from "./reporter.ts";

export interface BlockWatchOptions {
  task: Pick<HostTask, "worker" | "bot" | "line">;
  reporter: Pick<Reporter, "log">;
  pulse: Pick<Pulse, "seq">;
  instances: Pick<Instances, "placeOf">;
  /** A clock: ms. */
  now?: () => number;
}

/** An event loop that does not turn for so long is blocked: ms. */
const BLOCKED = 200;
/** Blocks by one of several events after which it is told, and the share of each event in them: ms. Many short events are only load. */
const OFTEN = 3;
const SHARE = 100;
/** Time from the beginning of one watched turn to that of the next: ms. An immediate for each turn is felt where events are short. */
const SPACING = 20;

export class BlockWatch {
  readonly #options: BlockWatchOptions;
  readonly #now: () => number;
  /** Messages of the watched turn. */
  readonly #messages: (readonly ToWorker[])[] = [];
  #begun = Number.NEGATIVE_INFINITY;
  #hasTold = false;
  /** Blocks by one of several events. */
  #unclear = 0;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** A message has come: the application's code is about to run. */
  begin(message: readonly ToWorker[]): void {
    if (this.#hasTold) return;
    if (this.#messages.length === 0) {
      const now = this.#now();
      if (now - this.#begun < SPACING) return;
      this.#begun = now;
      setImmediate(this.#end);
    }
    this.#messages.push(message);
  }

  readonly #end = (): void => {
    const duration = this.#now() - this.#begun;
    const causes = duration < BLOCKED ? [] : this.#messages.flat().flatMap(causesIn);
    this.#messages.length = 0;
    const [cause] = causes;
    if (cause === undefined) return;
    if (causes.length > 1) return this.#noteUnclear(duration, causes.length);
    const place = cause === "answer" ? this.#placeAtHand : this.#placeOf(cause);
    if (place === undefined) return;
    const [scope] = place.scope!.split("/") as [string];
    this.#tell(duration, `${scope.replace(":", " ")} (update ${place.update_id})`, place);
  };

  #noteUnclear(duration: number, causes: number): void {
    if (duration / causes < SHARE) return;
    this.#unclear += 1;
    if (this.#unclear === OFTEN) this.#tell(duration, `one of ${causes} events, and not for the first time`);
  }

  /** The place that the application last worked at, if it still holds that event. */
  get #placeAtHand(): Place | undefined {
    const { instances, pulse } = this.#options;
    return instances.placeOf(pulse.seq);
  }

  #placeOf(item: EventItem): Place {
    const { bot, line } = this.#options.task;
    const { event, route } = readEvent(item, bot, line);
    return placeInScope(route.key, event);
  }

  #tell(duration: number, by: string, place?: Place): void {
    const { task, reporter } = this.#options;
    this.#hasTold = true;
    const message = `worker ${task.worker} was blocked for ${Math.round(duration)} ms by ${by}: move this to offload()`;
    reporter.log("warn", message, undefined, place);
  }
}

/** The events and answers in an item: the application's code goes on with each. */
function causesIn(item: ToWorker): readonly (EventItem | "answer")[] {
  switch (item.type) {
    case "events":
      return item.events;
    case "result":
    case "file":
    case "failure":
      return ["answer"];
    default:
      return [];
  }
}
