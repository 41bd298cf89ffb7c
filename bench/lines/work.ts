/** Computes until the time is over. */
export function burn(until: number): number {
  let sum = 0;
  while (Date.now() < until) for (let i = 0; i < 1e6; i++) sum = (sum + i) | 0;
  return sum;
}
