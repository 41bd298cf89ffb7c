/** The delivery of an event: facts that the server knows and Telegram's object does not contain. */

/** A registered symbol: it is the same in every copy of this package that a process has loaded. */
const DELIVERY = Symbol.for("asgigram.delivery");

export interface Delivery {
  /** Telegram's identifier of the update. */
  readonly update_id: number;
  /**
   * Number of this delivery of the update, from 1. Above 1, a crash interrupted an earlier one, which may have had
   * effects.
   */
  readonly attempt: number;
}

/** The delivery of a received event; undefined for events that are no update, and for a copy of an event. */
export function delivery(event: object): Delivery | undefined {
  return (event as { [DELIVERY]?: Delivery })[DELIVERY];
}

/** Attaches the delivery under a symbol, not enumerable: it is not copied, cloned or written as JSON. */
export function attachDelivery(event: object, value: Delivery): void {
  Object.defineProperty(event, DELIVERY, { value });
}
