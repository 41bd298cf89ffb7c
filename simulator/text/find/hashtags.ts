/** `#hashtag` and `#hashtag@chat`. */

import { matchesAt } from "../match-at.ts";
import { found, type Recogniser } from "./found.ts";

/** Sinhala counts as letters as a whole. */
export const TAG_CHARACTERS = String.raw`\p{L}\p{Nd}_\u200c\u00b7\u0d80-\u0dff`;

const HASHTAG = new RegExp(`#(?<![${TAG_CHARACTERS}]#)([${TAG_CHARACTERS}]+)`, "gu");
const CHAT = /@\w{3,32}/y;
const LETTER = /\p{L}/u;
/** Characters of a name. A longer one is cut, and is no name of a chat's tag. */
const MAX_NAME = 256;

export const hashtags: Recogniser = {
  sign: "#",
  find: (text) =>
    [...text.matchAll(HASHTAG)].flatMap(({ 0: whole, 1: name, index }) => {
      const kept = shortened(name!);
      let end = index + whole.length;
      if (kept === name && matchesAt(CHAT, text, end)) end = CHAT.lastIndex;
      if (text[end] === "#" || !LETTER.test(kept)) return [];
      return found("hashtag", index, kept === name ? end : index + 1 + kept.length);
    }),
};

function shortened(name: string): string {
  if (name.length <= MAX_NAME) return name;
  return [...name].slice(0, MAX_NAME).join("");
}
