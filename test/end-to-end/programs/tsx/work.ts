// @ts-expect-error: an enum needs code.
enum Mark {
  End = "!",
}

export function shout(text: string): string {
  return text.toUpperCase() + Mark.End;
}
