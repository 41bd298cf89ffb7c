/** What the crash test and its application say to each other, in the texts of messages. */

/** What the application does with a message, before it answers. */
export type Deed = (typeof HARMLESS)[number] | (typeof CRASHES)[number] | (typeof DEADLY)[number];

export const HARMLESS = ["work", "twice", "slow", "busy"] as const;
/** They kill their worker once, or block it until it is killed: at the first attempt. */
export const CRASHES = ["exit", "throw", "reject", "heap", "block"] as const;
/** They must end as dead letters: an exception, or the death of the worker at each attempt. */
export const DEADLY = ["fail", "poison-exit", "poison-throw", "poison-reject", "poison-heap"] as const;

/** The number counts from 1 in each chat. */
export interface Order {
  deed: Deed;
  number: number;
}

export function writeOrder({ deed, number }: Order): string {
  return `${deed} ${number}`;
}

export function readOrder(text: string): Order | undefined {
  const [, deed, number] = /^([a-z-]+) (\d+)$/.exec(text) ?? [];
  return deed === undefined ? undefined : { deed: deed as Deed, number: Number(number) };
}

/** That the application has handled the event of that number. */
export interface Answer {
  number: number;
  attempt: number;
  /** Of an answer that comes in several messages, from 1. */
  part: number;
  parts: number;
  /** How often the application has said this before without knowing whether it was heard. */
  repeat: number;
}

export function writeAnswer({ number, attempt, part, parts, repeat }: Answer): string {
  return [number, attempt, part, parts, repeat].join(" ");
}

export function readAnswer(text: string): Answer | undefined {
  const numbers = text.split(" ").map(Number);
  if (numbers.length !== 5 || !numbers.every(Number.isSafeInteger)) return undefined;
  const [number, attempt, part, parts, repeat] = numbers as [number, number, number, number, number];
  return { number, attempt, part, parts, repeat };
}
