/**
 * Seeds of a test with random steps: 1, 2, … A run of all tests tries few of them; with the variable SEEDS it tries as many as that says:
 *
 *   SEEDS=20 npm test seams faults inbox/postgres
 *
 * @param few number of seeds without the variable
 */
export function seeds(few = 1): number[] {
  return Array.from({ length: Number(process.env.SEEDS ?? few) }, (_, i) => i + 1);
}
