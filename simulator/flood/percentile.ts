/** The smallest value that so many percent of the values do not exceed. @param sorted ascending, not empty */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]!;
}
