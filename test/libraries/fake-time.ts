/** Time that stands still until it is moved: `setTimeout()` and the clock, as Deno's FakeTime has them. */

const REAL = { setTimeout, clearTimeout, now: Date.now };

interface Timer {
  readonly id: number;
  readonly at: number;
  run(): unknown;
}

export class FakeTime implements Disposable {
  now: number;
  #timers: Timer[] = [];
  #last = 0;

  constructor(start = REAL.now()) {
    this.now = start;
    const set = (body: (...args: unknown[]) => unknown, after = 0, ...args: unknown[]) => {
      this.#last += 1;
      this.#timers.push({ id: this.#last, at: this.now + after, run: () => body(...args) });
      return this.#last;
    };
    const clear = (id: number | undefined) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    Date.now = () => this.now;
  }

  async tickAsync(milliseconds: number): Promise<void> {
    await this.runMicrotasks();
    const end = this.now + milliseconds;
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) this.#run(next);
    this.now = end;
  }

  async nextAsync(): Promise<void> {
    await this.runMicrotasks();
    const next = this.#next();
    if (next !== undefined) this.#run(next);
  }

  async runAllAsync(): Promise<void> {
    while (this.#timers.length > 0) await this.nextAsync();
  }

  async runMicrotasks(): Promise<void> {
    await new Promise(setImmediate);
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, { setTimeout: REAL.setTimeout, clearTimeout: REAL.clearTimeout });
    Date.now = REAL.now;
  }

  #next(): Timer | undefined {
    return this.#timers.toSorted((a, b) => a.at - b.at || a.id - b.id)[0];
  }

  #run(timer: Timer): void {
    this.#timers = this.#timers.filter(({ id }) => id !== timer.id);
    this.now = Math.max(this.now, timer.at);
    timer.run();
  }
}
