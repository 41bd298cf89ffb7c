/** Names a value for a message: `a function`, `null`, `an array`, `the string "hello"`, `a Map`. */
export function kindOfValue(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === "object") return article(value.constructor?.name || "object");
  return article(typeof value);
}

function article(noun: string): string {
  // URL, Uint8Array, User: most class names with a "u" in front are spoken with a consonant.
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}
