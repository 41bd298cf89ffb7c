/** `@username`: 4 to 32 letters of the alphabet, digits and underscores. */

import { found, type Recogniser } from "./found.ts";

const MENTION = /@(?<![\p{L}\p{N}_]@)(\w{2,32})(?![\p{L}\p{N}_])/gu;
const SHORT_NAMES: ReadonlySet<string> = new Set(["gif", "nft", "pic", "ufc", "vid"]);

export const mentions: Recogniser = {
  sign: "@",
  find: (text) =>
    [...text.matchAll(MENTION)]
      .filter(([, name]) => name!.length >= 4 || SHORT_NAMES.has(name!.toLowerCase()))
      .map(({ 0: mention, index }) => found("mention", index, index + mention.length)),
};
