/** What was thrown, in words: anything can be thrown, also what cannot be made into text. */
export function textOfThrown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "what was thrown cannot be shown";
  }
}
