/** Values of dice: deterministic, from a seed, or decided by the test. */

import { randomFrom } from "./random.ts";

/** Values by emoji, from 1: https://core.telegram.org/bots/api#dice. All others have six. */
const SIDES: Readonly<Record<string, number>> = { "🏀": 5, "⚽": 5, "🎰": 64 };

export class Dice {
  readonly #decided: number[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
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
}
