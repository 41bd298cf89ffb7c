/**
 * Seeds of a test with random steps: 1, 2, … There is one in a run of all tests, and as many as the variable SEEDS says:
 *
 *   SEEDS=10 npm test seams faults inbox/postgres
 */
export function seeds(): number[] {
  return Array.from({ length: Number(process.env.SEEDS ?? 1) }, (_, i) => i + 1);
}
