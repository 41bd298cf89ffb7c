/** Scores in games, by message: https://core.telegram.org/bots/api#games */

import type { GameHighScore, User } from "@grammyjs/types";

/** Neighbours on each side of a user, and users at the top, in a table of scores. */
const NEIGHBOURS = 2;
const TOP = 3;

export class Scores {
  readonly #games = new Map<string, Map<number, { user: User; score: number }>>();

  of(game: string, user_id: number): number | undefined {
    return this.#games.get(game)?.get(user_id)?.score;
  }

  set(game: string, user: User, score: number): void {
    const scores = this.#games.get(game) ?? new Map();
    this.#games.set(game, scores.set(user.id, { user, score }));
  }

  table(game: string): GameHighScore[] {
    const sorted = [...(this.#games.get(game)?.values() ?? [])].sort((a, b) => b.score - a.score);
    return sorted.map((entry, at) => ({ position: at + 1, ...entry }));
  }

  /** "the target user, plus two of their closest neighbors on each side", and the top three. */
  around(game: string, user_id: number): GameHighScore[] {
    const table = this.table(game);
    const at = table.findIndex(({ user }) => user.id === user_id);
    return table.filter((_, place) => place < TOP || (at >= 0 && Math.abs(place - at) <= NEIGHBOURS));
  }
}
