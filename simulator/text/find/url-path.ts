/** The path, query and fragment of a URL in a text. */

import { CharacterSet } from "./character-set.ts";

/** Every separator ends a URL, and most of the general punctuation. */
export const URL_BREAKS = String.raw` \u00a0\u1680\u2000-\u200b\u200e\u200f\u2016-\u206f\u3000`;

const PATH = new CharacterSet(new RegExp(`[^\\n<>"«»${URL_BREAKS}]`));
/** Signs that close a sentence and not a URL. */
const CLOSING = new CharacterSet(/[.:;,('?!`]/);

export const withoutClosing = (text: string, end: number, limit: number): number => CLOSING.startOf(text, end, limit);

/** Finds the ends of paths in one text, from left to right. Paths of one run end at the same place, which is kept. */
export class PathReader {
  readonly #text: string;
  #run = { start: 0, end: 0, ink: 0 };

  constructor(text: string) {
    this.#text = text;
  }

  /** The end of the path at this place; the place itself if there is none. */
  endOf(at: number): number {
    const sign = this.#text[at];
    if (sign !== "/" && sign !== "?" && sign !== "#") return at;
    if (at < this.#run.start || at >= this.#run.end) this.#read(at);
    const end = Math.max(at + 1, this.#run.ink);
    return sign === "/" || end > at + 1 ? end : at;
  }

  #read(start: number): void {
    const end = PATH.endOf(this.#text, start);
    this.#run = { start, end, ink: withoutClosing(this.#text, end, start) };
  }
}
