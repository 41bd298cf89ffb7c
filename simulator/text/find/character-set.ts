/** A set of UTF-16 code units, for runs of them in both directions: a regular expression only runs forward. */

const ASCII = 128;

export class CharacterSet {
  readonly #pattern: RegExp;
  readonly #ascii: readonly boolean[];

  /** @param pattern matches a single code unit */
  constructor(pattern: RegExp) {
    this.#pattern = pattern;
    this.#ascii = Array.from({ length: ASCII }, (_, code) => pattern.test(String.fromCharCode(code)));
  }

  has(text: string, at: number): boolean {
    const code = text.charCodeAt(at);
    return code < ASCII ? this.#ascii[code]! : at < text.length && this.#pattern.test(text[at]!);
  }

  /** The end of the run that begins here. */
  endOf(text: string, at: number): number {
    let end = at;
    while (this.has(text, end)) end += 1;
    return end;
  }

  /** The start of the run that ends here, not in front of the limit. */
  startOf(text: string, at: number, limit: number): number {
    let start = at;
    while (start > limit && this.has(text, start - 1)) start -= 1;
    return start;
  }
}
