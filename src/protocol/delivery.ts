/** The delivery of an event: what the server knows of it and Telegram's object does not say. */

/** A registered symbol, so that it is the same one in every copy of the package that a process may have loaded. */
const DELIVERY = Symbol.for("asgigram.delivery");

export interface Delivery {
  /** Telegram's identifier of the update. */
  readonly update_id: number;
  /** Which delivery of the update this is. 2 and more: an earlier one was cut short by a crash and may have had effects. */
  readonly attempt: number;
}

/** The delivery of a received event; undefined for events that are no update, and for copies of an event. */
export function delivery(event: object): Delivery | undefined {
  return (event as { [DELIVERY]?: Delivery })[DELIVERY];
}

/** Attaches the delivery where it is no key of the event: it is not enumerated, cloned or written out. */
export function attachDelivery(event: object, value: Delivery): void {
  Object.defineProperty(event, DELIVERY, { value });
}
