/**
 * Scopes whose application has settled an event: the last thousands of them. Two generations: the older is forgotten when the newer is full.
 */

/** Scopes of one generation. */
const MANY = 10_000;

export class ProvenScopes {
  #newer = new Set<string>();
  #older = new Set<string>();

  add(scope: string): void {
    if (this.#newer.size >= MANY) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(scope);
  }

  has(scope: string): boolean {
    return this.#newer.has(scope) || this.#older.has(scope);
  }
}
