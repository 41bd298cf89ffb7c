/** The last lines of each worker. */

const LINES = 20;

export class LogTail {
  readonly #lines = new Map<number, string[]>();

  add(worker: number, line: string): void {
    const lines = this.#lines.get(worker) ?? [];
    this.#lines.set(worker, lines);
    if (lines.push(line) > LINES) lines.shift();
  }

  of(worker: number): string {
    return this.#lines.get(worker)?.join("\n") ?? "";
  }
}
