/** The events at which applications of this worker are at work, and those at which they were since the last look. */

import type { Place } from "../src/protocol/port.ts";
import type { EventDelivery } from "./event-delivery.ts";
import type { Delivered } from "./instance.ts";
import { placeInScope } from "./reporter.ts";

export class EventsAtWork {
  readonly #open = new Set<Delivered>();
  /** Number of events that were over since the last look, and the last of them. */
  #over = 0;
  #last: Delivered | undefined;

  /** False while applications are at work at several events. */
  get isAlone(): boolean {
    return this.#open.size <= 1;
  }

  begin(event: Delivered): void {
    this.#open.add(event);
  }

  end(event: Delivered): void {
    if (!this.#open.delete(event)) return;
    this.#over += 1;
    this.#last = event;
  }

  /** The place of an event that is open. */
  placeOf(seq: number): Place | undefined {
    for (const event of this.#open) if (event.seq === seq) return placeIn(event);
    return undefined;
  }

  /** The delivery of an update that is open. */
  deliveryOf(update: object): EventDelivery | undefined {
    const { update_id } = update as { update_id?: unknown };
    for (const { delivery } of this.#open) if (delivery.update_id === update_id) return delivery;
    return undefined;
  }

  /** @returns the number of events at work since the last look, and the place of the event if there is one alone */
  look(): { count: number; only: Place | undefined } {
    const count = this.#open.size + this.#over;
    const [open] = this.#open;
    const only = count === 1 ? placeIn(open ?? this.#last!) : undefined;
    this.#over = 0;
    this.#last = undefined;
    return { count, only };
  }
}

function placeIn({ route, event }: Delivered): Place {
  return placeInScope(route.key, event);
}
