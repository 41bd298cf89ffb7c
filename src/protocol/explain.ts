/**
 * An error as text for a person: its message. If the error has the stack of an application that could not be started as
 * its `cause`, in text, that stack follows.
 */
export function explain({ message, cause }: Error): string {
  return typeof cause === "string" ? `${message}\n${cause}` : message;
}
