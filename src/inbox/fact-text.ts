/** Facts of a journal as text: fields on lines of their own. The last one may hold any text. */

import type { JournalFact } from "../protocol/recorded-call.ts";

export function textOf(fact: JournalFact): string {
  switch (fact.type) {
    case "called": {
      const { id, method, lane, body } = fact.call;
      // A lane holds what the application has given for a chat.
      return `called\n${id}\n${method}\n${lane === undefined ? "" : JSON.stringify(lane)}\n${body}`;
    }
    case "answered":
      return `answered\n${fact.id}\n${fact.answer}`;
    case "dropped":
      return `dropped\n${fact.id}\n`;
    case "saved":
      return `saved\n${fact.json}`;
  }
}

/** @returns undefined if the text is none of a fact */
export function factIn(seq: number, text: string): JournalFact | undefined {
  const seqs = [seq];
  const [type, rest = ""] = cut(text);
  if (type === "saved") return { type, seqs, json: rest };
  const [id, more = ""] = cut(rest);
  if (type === "dropped") return { type, seqs, id: Number(id) };
  if (type === "answered") return { type, seqs, id: Number(id), answer: more };
  if (type !== "called") return undefined;
  const [method, further = ""] = cut(more);
  const [lane, body = ""] = cut(further);
  return { type, seqs, call: { id: Number(id), method, lane: lane === "" ? undefined : JSON.parse(lane), body } };
}

/** The text before the first line break, and the text behind it. */
function cut(text: string): [first: string, rest: string | undefined] {
  const end = text.indexOf("\n");
  return end === -1 ? [text, undefined] : [text.slice(0, end), text.slice(end + 1)];
}
