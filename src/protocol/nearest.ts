/** The candidate for "did you mean …?": the one closest to a misspelt word, or undefined if none is close enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const wanted = candidate.toLowerCase();
    const isBeginning = typed.length >= 3 && wanted.startsWith(typed);
    const distance = Math.min(edits(typed, wanted), isBeginning ? 1 : Number.POSITIVE_INFINITY);
    if (distance < least && distance <= Math.max(typed.length, wanted.length) / 3) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Levenshtein distance: the number of letters to add, drop or change to turn one word into the other. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const changed = row[j]! + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(changed, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
