/** URLs and e-mail addresses in a text (`match_urls` in MessageEntity.cpp), each around a dot. */

import type { Entity } from "../formatted-text.ts";
import { matchAt, matchesAt } from "../match-at.ts";
import { CharacterSet } from "./character-set.ts";
import { isEmail } from "./email.ts";
import { found, type Recogniser } from "./found.ts";
import { PathReader, URL_BREAKS } from "./url-path.ts";
import { urlLength } from "./url-shape.ts";

const HOST = new CharacterSet(new RegExp(`[\\w.~-]|[^\\0-\\xbf${URL_BREAKS}]`));
const HOST_OR_AT = new CharacterSet(new RegExp(`[\\w.~@-]|[^\\0-\\xbf${URL_BREAKS}]`));
/** Name and password in front of an `@`. */
const USER = new CharacterSet(new RegExp(`[^\\n/[\\]{}()'\`<>"@«»${URL_BREAKS}]`));
/** Letters beyond ASCII belong to a protocol, which is wrong then. */
const PROTOCOL = new CharacterSet(/[a-zA-Z\d+-]|[^\0-\x7f\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/);
const KNOWN_PROTOCOL = /^(?!(?:shttp|[ts]ftp)$).*?(https?|ftp|tonsite)$/is;
/** Unless a protocol does, nothing of a word may stand in front of a URL. */
const WORD_BEFORE = /(?<=[\p{L}\p{N}_/#@])/uy;
const PORT = /:(\d+)/y;
const MAX_PORT = 65_535;
const MAILTO = "mailto:";

export const urls: Recogniser = {
  sign: ".",
  find(text) {
    const entities: Entity[] = [];
    const scanner = new Scanner(text);
    for (let place = scanner.next(); place !== undefined; place = scanner.next()) {
      const entity = entityOf(text, place);
      if (entity !== undefined) entities.push(entity);
    }
    return entities;
  },
};

interface Place {
  start: number;
  end: number;
}

function entityOf(text: string, { start, end }: Place): Entity | undefined {
  const url = text.slice(start, end);
  if (isEmail(url)) return found("email", start, end);
  if (url.startsWith(MAILTO) && isEmail(url.slice(MAILTO.length))) return found("email", start + MAILTO.length, end);
  const length = urlLength(url);
  return length === 0 ? undefined : found("url", start, start + length);
}

/** Goes from dot to dot, and never looks back behind the end of what it found before. */
class Scanner {
  readonly #text: string;
  readonly #paths: PathReader;
  #from = 0;

  constructor(text: string) {
    this.#text = text;
    this.#paths = new PathReader(text);
  }

  /** The next place that looks like a URL. */
  next(): Place | undefined {
    for (let dot = this.#nextDot(); dot !== undefined; dot = this.#nextDot()) {
      const host = this.#hostAround(dot);
      const end = this.#endAfter(host.end, dot);
      const start = this.#startBefore(host);
      this.#from = start === undefined ? this.#text.lastIndexOf(".", end - 1) + 1 : this.#afterDots(end);
      if (start !== undefined && end > dot + 1) return { start, end };
    }
    return undefined;
  }

  /** The last character is no dot of a URL. */
  #nextDot(): number | undefined {
    const dot = this.#text.indexOf(".", this.#from);
    return dot < 0 || dot + 1 === this.#text.length ? undefined : dot;
  }

  #afterDots(at: number): number {
    let end = at;
    while (this.#text[end] === ".") end += 1;
    return end;
  }

  /** An `@` to the right of the dot makes all of it a user's name: then the host is what follows. */
  #hostAround(dot: number): Place & { hasUser: boolean } {
    const end = HOST_OR_AT.endOf(this.#text, dot);
    const hasUser = this.#text.slice(dot, end).includes("@");
    const start = (hasUser ? USER : HOST).startOf(this.#text, dot, this.#from);
    return { start, end, hasUser };
  }

  /** The end of the URL whose host ends here: after its port and path. */
  #endAfter(host: number, dot: number): number {
    let end = this.#paths.endOf(this.#portAt(host));
    while (end > dot + 1 && this.#text[end - 1] === ".") end -= 1;
    return end;
  }

  #portAt(at: number): number {
    const port = Number(matchAt(PORT, this.#text, at)?.[1] ?? 0);
    return port > 0 && port <= MAX_PORT ? PORT.lastIndex : at;
  }

  /** The beginning of the URL: its protocol, or its user. Undefined if the text in front spoils it. */
  #startBefore({ start, hasUser }: Place & { hasUser: boolean }): number | undefined {
    const text = this.#text;
    const from = this.#from;
    let begin = start;
    if (begin > from && text[begin - 1] === "@") {
      begin = USER.startOf(text, start - 1, from);
      if (hasUser || begin === start - 1) return undefined;
    }
    if (begin === from) return begin;
    if (begin - from >= 3 && text.startsWith("://", begin - 3)) return this.#protocolBefore(begin - 3);
    return matchesAt(WORD_BEFORE, text, begin) ? undefined : begin;
  }

  /** @param end of the protocol, where its `://` is */
  #protocolBefore(end: number): number | undefined {
    const before = this.#text.slice(PROTOCOL.startOf(this.#text, end, this.#from), end);
    const name = KNOWN_PROTOCOL.exec(before)?.[1];
    return name === undefined ? undefined : end - name.length;
  }
}
