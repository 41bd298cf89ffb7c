/** A clock shared by every process of this machine: ms. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
