/**
 * Facts as text, and back. The long strings of a call and of its answer, which are JSON, stand in the text as they are: JSON in JSON
 * would have to be escaped, for each call twice.
 *
 *   c <id>,<length of the lane, or -1>,<of the method>,<of the body>,<events>... newline <lane><method><body>
 *   a <id>,<length of the answer>,<events>... newline <answer>
 *   j <length> newline <any other fact as JSON>
 *
 * Lengths are those of JavaScript: UTF-16 units. A fact has one event at least.
 */

import type { JournalFact } from "../protocol/recorded-call.ts";
import type { StoredWrite } from "../protocol/stored-value.ts";

/** A write of a stored value, as the ledger has it. */
export interface WrittenValue extends StoredWrite {
  readonly type: "stored";
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type Fact = JournalFact | WrittenValue;

export function textOf(fact: Fact): string {
  switch (fact.type) {
    case "called": {
      const { id, method, lane, body } = fact.call;
      return `c${id},${lane?.length ?? -1},${method.length},${body.length},${fact.seqs}\n${lane ?? ""}${method}${body}`;
    }
    case "answered":
      return `a${fact.id},${fact.answer.length},${fact.seqs}\n${fact.answer}`;
    default: {
      const json = JSON.stringify(fact);
      return `j${json.length}\n${json}`;
    }
  }
}

/** @param text texts of facts, one behind the other; or one JSON array, in a ledger that an older version left */
export function factsIn(text: string): Fact[] {
  if (text.startsWith("[")) return JSON.parse(text) as Fact[];
  const facts: Fact[] = [];
  let place = 0;
  const take = (length: number): string => {
    place += length;
    return text.slice(place - length, place);
  };
  while (place < text.length) {
    const kind = take(1);
    const [first = 0, ...rest] = take(text.indexOf("\n", place) - place)
      .split(",")
      .map(Number);
    place += 1;
    if (kind === "c") {
      const [lane = -1, method = 0, body = 0, ...seqs] = rest;
      const call = { id: first, lane: lane === -1 ? undefined : take(lane), method: take(method), body: take(body) };
      facts.push({ type: "called", seqs, call });
    } else if (kind === "a") {
      const [answer = 0, ...seqs] = rest;
      facts.push({ type: "answered", seqs, id: first, answer: take(answer) });
    } else facts.push(JSON.parse(take(first)) as Fact);
  }
  return facts;
}
