/** A receiver that collects the entries of an inbox. */

import type { InboxEntry, InboxReceiver, Turn } from "../../src/inbox/inbox.ts";

export class Entries implements InboxReceiver {
  /** In the order of their arrival. */
  readonly all: InboxEntry[] = [];
  readonly errors: Error[] = [];
  /** Ids of updates whose stored bodies cannot be read. */
  readonly unreadable: number[] = [];
  /** Updates that the inbox lacks. */
  lost = 0;
  #arrival = Promise.withResolvers<void>();

  onEntry(entry: InboxEntry): void {
    this.all.push(entry);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  onCertain(): void {}

  async onRevoked(_shard: number): Promise<void> {}

  onUnreadable(update_id: number): void {
    this.unreadable.push(update_id);
  }

  onLoss(updates: number): void {
    this.lost += updates;
  }

  onError(error: Error): void {
    this.errors.push(error);
  }

  get ids(): number[] {
    return this.all.map(({ update_id }) => update_id);
  }

  get seqs(): number[] {
    return this.all.map(({ seq }) => seq);
  }

  /** Resolves when that many entries have arrived: with all of them. */
  async until(count: number): Promise<readonly InboxEntry[]> {
    while (this.all.length < count) await this.#arrival.promise;
    return this.all;
  }
}

/** A turn with these facts alone. */
export function turn(facts: Partial<Turn>): Turn {
  return { begun: [], settled: [], writes: [], died: [], withdrawn: [], deadLettered: [], journal: [], ...facts };
}
