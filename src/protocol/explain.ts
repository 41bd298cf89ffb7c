/** An error in words for a person: its message, and, of an application that could not be started, the stack of its own error. */
export function explain({ message, cause }: Error): string {
  return typeof cause === "string" ? `${message}\n${cause}` : message;
}
