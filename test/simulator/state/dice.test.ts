import assert from "node:assert/strict";
import { test } from "node:test";
import { Dice } from "../../../simulator/state/dice.ts";

const rolls = (dice: Dice, emoji: string, count: number) => Array.from({ length: count }, () => dice.roll(emoji));

test("dice of the same seed fall alike, those of others do not", () => {
  const of = (seed: number) => rolls(new Dice(seed), "🎲", 50);
  assert.deepEqual(of(1), of(1));
  assert.notDeepEqual(of(1), of(2));
});

test("every value of every emoji comes, and no other", () => {
  for (const [emoji, sides] of Object.entries({
    "🎲": 6,
    "🎯": 6,
    "🎳": 6,
    "🏀": 5,
    "⚽": 5,
    "⚽\ufe0f": 5,
    "🎰": 64,
  })) {
    const values = new Set(rolls(new Dice(1), emoji, 2000));
    const all = Array.from({ length: sides }, (_, i) => i + 1);
    assert.deepEqual(
      [...values].sort((a, b) => a - b),
      all,
      emoji,
    );
  }
});

test("a test decides the next values", () => {
  const dice = new Dice(1);
  dice.decide([6, 1]);
  assert.deepEqual(rolls(dice, "🎲", 2), [6, 1]);
});
