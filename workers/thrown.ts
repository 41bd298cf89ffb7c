/** A thrown value as one line of text. Never throws: a value may not be convertible. */
export function textOfThrown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "a value that cannot be shown";
  }
}
