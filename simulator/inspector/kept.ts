/** The latest rows by their keys: the oldest is dropped beyond the limit. */

export class Kept<Key, Row> {
  readonly #limit: number;
  readonly #onDrop: (row: Row) => void;
  readonly #rows = new Map<Key, Row>();

  constructor(limit: number, onDrop: (row: Row) => void = () => {}) {
    this.#limit = limit;
    this.#onDrop = onDrop;
  }

  get rows(): Row[] {
    return [...this.#rows.values()];
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(key);
  }

  add(key: Key, row: Row): void {
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= this.#limit) return;
    const [oldest, dropped] = this.#rows.entries().next().value!;
    this.#rows.delete(oldest);
    this.#onDrop(dropped);
  }
}
