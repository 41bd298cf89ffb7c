/** Values of dice: deterministic, from a seed, or decided by the test. */

/** Values by emoji, from 1: https://core.telegram.org/bots/api#dice. All others have six. */
const SIDES: Readonly<Record<string, number>> = { "🏀": 5, "⚽": 5, "🎰": 64 };

export class Dice {
  readonly #decided: number[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Decides the values of the next dice. */
  decide(values: readonly number[]): void {
    this.#decided.push(...values);
  }

  roll(emoji: string): number {
    // A client may add the variation selector that asks for the picture.
    const sides = SIDES[emoji.replace("\ufe0f", "")] ?? 6;
    const decided = this.#decided.shift();
    return decided === undefined ? 1 + Math.floor(this.#random() * sides) : Math.min(sides, decided);
  }

  /** From 0, below 1. The generator is Mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
