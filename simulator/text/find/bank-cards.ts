/** Numbers of bank cards. Messages to bots do not show them, but what is one is nothing else. */

import type { Entity } from "../formatted-text.ts";
import { matchesAt } from "../match-at.ts";
import { CharacterSet } from "./character-set.ts";
import { found, type Recogniser } from "./found.ts";

/** A number without gaps ends at the next space. */
const DIGITS = /(?<![+_\-.,\p{L}])\d{16,19}(?= )|\d[\d -]*/gu;
const BEFORE = /(?<=[+_\-.,\p{L}])/uy;
const AFTER = /[-_\p{L}]/uy;
const GAPS = new CharacterSet(/[ -]/);

/** Lengths by the first digits. Numbers of other issuers have any length. */
const ISSUERS: readonly [name: string, beginning: RegExp, lengths: readonly number[]][] = [
  ["Visa", /^4/, [13, 16, 18, 19]],
  ["Mastercard", /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  ["American Express", /^3[47]/, [15]],
  ["UnionPay", /^(?:62|81)/, [16, 17, 18, 19]],
  ["Mir", /^220[0-4]/, [16]],
];

export const bankCards: Recogniser = { sign: "", find: findCards };

function findCards(text: string): Entity[] {
  const cards: Entity[] = [];
  for (const { 0: digits, index } of text.matchAll(DIGITS)) {
    const end = GAPS.startOf(text, index + digits.length, index);
    if (!matchesAt(BEFORE, text, index) && isCard(text.slice(index, end)) && !matchesAt(AFTER, text, end)) {
      cards.push(found("bank_card_number", index, end));
    }
  }
  return cards;
}

function isCard(number: string): boolean {
  const digits = number.replaceAll(/[ -]/g, "");
  const { length } = digits;
  if (length < 13 || length > 19 || number.length > 2 * length - 1 || !hasCheckDigit(digits)) return false;
  const issuer = ISSUERS.find(([, beginning]) => beginning.test(digits));
  return issuer === undefined || issuer[2].includes(length);
}

/** Luhn's formula: https://www.iso.org/standard/70484.html */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 1; at <= digits.length; at += 1) {
    const digit = Number(digits.at(-at)) * (at % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}
