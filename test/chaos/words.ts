/** Texts of the messages between the crash test and its application. */

/** Deed of the application before it answers a message. */
export type Deed = (typeof HARMLESS)[number] | typeof HANGING | (typeof CRASHES)[number] | (typeof DEADLY)[number];

/** The last one is put off at the first attempt. */
export const HARMLESS = ["work", "twice", "slow", "busy", "later"] as const;
/** The application is at work until the storm is over. */
export const HANGING = "hang";
/** These kill their worker at the first attempt, or block it until it is killed. */
export const CRASHES = ["exit", "throw", "heap", "block"] as const;
/** These must become dead letters: an exception, also one that nothing catches, or the death of the worker at each attempt. */
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

/** Says that the application has handled the event of that number. It is the same at each attempt. */
export interface Answer {
  number: number;
  /** From 1, in an answer of several messages. */
  part: number;
  parts: number;
  /** Number of earlier sends of this answer whose result is unknown. */
  repeat: number;
}

export function writeAnswer({ number, part, parts, repeat }: Answer): string {
  return [number, part, parts, repeat].join(" ");
}

export function readAnswer(text: string): Answer | undefined {
  const numbers = text.split(" ").map(Number);
  if (numbers.length !== 4 || !numbers.every(Number.isSafeInteger)) return undefined;
  const [number, part, parts, repeat] = numbers as [number, number, number, number];
  return { number, part, parts, repeat };
}
