/** Compares what came with what a test expects: only the parts that the test names count. */

import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { Message } from "@grammyjs/types";
import type { ChatEvent } from "../state/journal.ts";
import { textOf } from "./buttons.ts";

/** The expected value, or its parts: a regular expression matches a string, `true` anything that is there, `false` what is not there. */
export type Pattern<T> =
  | boolean
  | (T extends string
      ? string | RegExp
      : T extends readonly (infer Item)[]
        ? readonly Pattern<Item>[]
        : T extends object
          ? { readonly [Key in keyof T]?: Pattern<NonNullable<T[Key]>> }
          : T);

/** Parts of a message, by the fields of the Bot API's Message. */
export type MessagePattern = { readonly [Key in keyof Message]?: Pattern<NonNullable<Message[Key]>> } & {
  /** The texts of the inline or reply keyboard's buttons: all in one array, or row by row. `false`: there are none. */
  readonly buttons?: boolean | readonly (string | RegExp)[] | readonly (readonly (string | RegExp)[])[];
};

/** A message by its text or caption, or by its parts. */
export type ExpectedMessage = string | RegExp | MessagePattern;

/** Two values that should be equal: what came, reduced to the parts that the test names, and what the test expects. */
export interface Comparison {
  readonly actual: unknown;
  readonly expected: unknown;
}

export type MessageEvent = Extract<ChatEvent, { message: Message }>;

export function compareMessage(event: MessageEvent, expected: ExpectedMessage): Comparison {
  if (typeof expected === "string" || expected instanceof RegExp) {
    const { text, caption } = event.message;
    return compare(text ?? caption ?? contentOf(event.message), expected);
  }
  const { buttons, ...pattern } = expected;
  const message: Record<string, unknown> = { ...event.message };
  if (buttons === undefined) return compare(message, pattern);
  const isInRows = Array.isArray(buttons) && buttons.some((row) => Array.isArray(row));
  const rows = rowsOf(event);
  const actual = rows === undefined ? message : { ...message, buttons: isInRows ? rows : rows.flat() };
  return compare(actual, { ...pattern, buttons });
}

export function compare(actual: unknown, expected: unknown): Comparison {
  return { actual: reduced(actual, expected), expected };
}

export const isEqual = ({ actual, expected }: Comparison) => isDeepStrictEqual(actual, expected);

/** The lines that differ, as Node.js shows them. */
export function difference({ actual, expected }: Comparison): string {
  const isPlain = typeof actual === "string" && typeof expected === "string";
  const { message } = new AssertionError({ actual, expected, operator: isPlain ? "strictEqual" : "deepStrictEqual" });
  return message.slice(message.indexOf("\n") + 1).trim();
}

/** The parts of a value that a pattern names; a part that matches is replaced by its pattern. */
function reduced(actual: unknown, pattern: unknown): unknown {
  if (pattern instanceof RegExp) return typeof actual === "string" && actual.search(pattern) >= 0 ? pattern : actual;
  if (pattern === true) return actual === undefined || actual === false ? actual : true;
  if (pattern === false) return actual === undefined ? false : actual;
  if (Array.isArray(pattern)) {
    return Array.isArray(actual)
      ? actual.map((item, i) => (i < pattern.length ? reduced(item, pattern[i]) : item))
      : actual;
  }
  if (!isObject(pattern) || !isObject(actual)) return actual;
  const parts = Object.keys(pattern).map((key) => [key, reduced(actual[key], pattern[key])] as const);
  return Object.fromEntries(parts.filter(([key, part]) => part !== undefined || pattern[key] === undefined));
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function rowsOf(event: MessageEvent): string[][] | undefined {
  const inline = event.message.reply_markup?.inline_keyboard;
  const rows = inline ?? ("keyboard" in event ? event.keyboard?.keyboard : undefined);
  return rows?.map((row) => row.map(textOf));
}

/** A message without what every message has. */
function contentOf({ message_id, from, sender_chat, chat, date, ...content }: Message): object {
  return content;
}
