/**
 * Phone numbers in international form. Telegram's server finds them, and its rules are not public: this one takes a
 * plus sign and 7 to 15 digits (https://www.itu.int/rec/T-REC-E.164), with single signs between them.
 */

import { matchesAt } from "../match-at.ts";
import { found, type Recogniser } from "./found.ts";

const NUMBER = /\+(?<![\p{L}\p{N}_+]\+)\d(?:[ .-]?\(?\d\)?)*/gu;
const AFTER = /[\p{L}\p{N}_]/uy;

export const phoneNumbers: Recogniser = {
  sign: "+",
  find: (text) =>
    [...text.matchAll(NUMBER)].flatMap(({ 0: number, index }) => {
      const { length } = number.replaceAll(/\D/g, "");
      const end = index + number.length;
      return length < 7 || length > 15 || matchesAt(AFTER, text, end) ? [] : found("phone_number", index, end);
    }),
};
