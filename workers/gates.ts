/** Scopes whose next events wait for promises: each scope's events stay in order. */

import type { Delivered } from "./instance.ts";

interface Gate {
  /** Promises that are not over. */
  open: number;
  readonly queue: Delivered[];
  readonly opened: PromiseWithResolvers<void>;
}

export class Gates {
  readonly #onOpened: (waiting: readonly Delivered[]) => void;
  readonly #gates = new Map<string, Gate>();

  /** @param onOpened takes the events that waited */
  constructor(onOpened: (waiting: readonly Delivered[]) => void) {
    this.#onOpened = onOpened;
  }

  /** Number of shut gates. */
  get size(): number {
    return this.#gates.size;
  }

  /** Shuts the scope's gate until the promise, which never rejects, is over, and those before it. */
  shut(scope: string, until: Promise<void>): void {
    const gate = this.#gates.get(scope) ?? { open: 0, queue: [], opened: Promise.withResolvers<void>() };
    this.#gates.set(scope, gate);
    gate.open += 1;
    void until.then(() => {
      gate.open -= 1;
      if (gate.open > 0) return;
      this.#gates.delete(scope);
      this.#onOpened(gate.queue);
      gate.opened.resolve();
    });
  }

  /** Lets an event wait at the gate of its scope. @returns false if the gate is open */
  hold(delivered: Delivered): boolean {
    const gate = this.#gates.get(delivered.route.key);
    gate?.queue.push(delivered);
    return gate !== undefined;
  }

  /** Lets earlier events wait at the gate, before those that came later. @returns false if it is open */
  holdFirst(scope: string, events: readonly Delivered[]): boolean {
    const gate = this.#gates.get(scope);
    gate?.queue.unshift(...events);
    gate?.queue.sort((one, other) => one.seq - other.seq);
    return gate !== undefined;
  }

  /** The event of that number, if it waits at the gate of its scope. */
  find(scope: string, seq: number): Delivered | undefined {
    return this.#gates.get(scope)?.queue.find((delivered) => delivered.seq === seq);
  }

  /** Takes an event away that waits at the gate of its scope. */
  drop(delivered: Delivered): void {
    const queue = this.#gates.get(delivered.route.key)?.queue ?? [];
    const place = queue.indexOf(delivered);
    if (place !== -1) queue.splice(place, 1);
  }

  /** Takes the events that wait at the gates of these scopes. @returns them when the gates are open */
  async take(matches: (scope: string) => boolean): Promise<Delivered[]> {
    const gates = [...this.#gates].filter(([scope]) => matches(scope)).map(([, gate]) => gate);
    const taken = gates.flatMap(({ queue }) => queue.splice(0));
    await Promise.all(gates.map(({ opened }) => opened.promise));
    return taken;
  }
}
