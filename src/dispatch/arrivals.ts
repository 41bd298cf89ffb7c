/** Unsettled events in order. Many may leave at the head: an array's shift() moves all others if there are very many. */

import type { Arrival } from "./line.ts";

/** Empty places at the head after which they are given up, if they are half of all. */
const MANY = 1024;

export class Arrivals {
  #items: (Arrival | undefined)[] = [];
  /** Place of the first event; the places before are empty. */
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): Arrival | undefined {
    return this.#items[this.#head];
  }

  /** The first of them, as many as that. */
  firstFew(many: number): Arrival[] {
    return this.#items.slice(this.#head, this.#head + many) as Arrival[];
  }

  /** True if a suspect is among them. */
  get hasSuspect(): boolean {
    return this.#items.some((arrival) => arrival?.isSuspect);
  }

  /** Makes suspects of the events before the last suspect. */
  suspectThoseBefore(): void {
    const last = this.#items.findLastIndex((arrival) => arrival?.isSuspect);
    for (let place = this.#head; place < last; place++) this.#items[place]!.isSuspect = true;
  }

  push(arrival: Arrival): void {
    this.#items.push(arrival);
  }

  /** Puts the event before all others. */
  unshift(arrival: Arrival): void {
    if (this.#head === 0) this.#items.unshift(arrival);
    else this.#items[--this.#head] = arrival;
  }

  /** Takes the first event. */
  shift(): Arrival | undefined {
    const first = this.#items[this.#head];
    if (first === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.length === 0 || (this.#head >= MANY && 2 * this.#head >= this.#items.length)) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  /** Takes all events. */
  takeAll(): Arrival[] {
    const all = this.#items.slice(this.#head) as Arrival[];
    this.#items = [];
    this.#head = 0;
    return all;
  }
}
