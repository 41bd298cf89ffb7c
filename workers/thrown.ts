/** What was thrown, in words: anything can be thrown, also what cannot be made into text. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "what was thrown cannot be shown";
  }
}
