/** `$USD` and `$USD@chat`. */

import { matchesAt } from "../match-at.ts";
import { found, type Recogniser } from "./found.ts";
import { TAG_CHARACTERS } from "./hashtags.ts";

const CASHTAG = new RegExp(`\\$(?<![$${TAG_CHARACTERS}]\\$)(?:1INCH|[A-Z]{1,8})`, "gu");
const CHAT = /@\w{3,32}(?!\w)/y;
const NEIGHBOUR = new RegExp(`[$${TAG_CHARACTERS}]`, "uy");

export const cashtags: Recogniser = {
  sign: "$",
  find: (text) =>
    [...text.matchAll(CASHTAG)].flatMap(({ 0: tag, index }) => {
      const name = index + tag.length;
      const end = matchesAt(CHAT, text, name) ? CHAT.lastIndex : name;
      return matchesAt(NEIGHBOUR, text, end) ? [] : found("cashtag", index, end);
    }),
};
