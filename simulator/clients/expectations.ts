/** Expectations of a test about the bot in one chat. Each expectation waits for the bot's next act, and takes no other. */

import { AssertionError } from "node:assert";
import type { Message } from "@grammyjs/types";
import type { ChatEvent } from "../state/journal.ts";
import { now } from "../state/real-time.ts";
import { DEFAULT_TIMEOUT, type Perform } from "./actions/actions.ts";
import { failure } from "./failure.ts";
import { type Comparison, compareMessage, type ExpectedMessage, isEqual, type MessageEvent } from "./matching.ts";

export interface WaitOptions {
  /** Milliseconds; default 5,000. */
  timeout?: number;
}

export interface IdleOptions extends WaitOptions {
  /** Milliseconds without any sign of the bot; default 5. */
  quiet?: number;
}

export type EventOf<T extends ChatEvent["type"]> = Extract<ChatEvent, { type: T }>;

interface Search<E extends ChatEvent> extends WaitOptions {
  after: number;
  /** For the error: "message for Ann". */
  what: string;
  matches(event: ChatEvent): event is E;
}

/** Waits for the first event that matches. @throws AssertionError at the timeout */
export async function findEvent<E extends ChatEvent>(perform: Perform, chat_id: number, search: Search<E>): Promise<E> {
  const { timeout: patience = DEFAULT_TIMEOUT } = search;
  const deadline = now() + patience;
  let after = search.after;
  for (;;) {
    const timeout = Math.max(0, deadline - now());
    const events = await perform("events", { chat_id, after, timeout });
    const found = events.find((event): event is E => search.matches(event));
    if (found !== undefined) return found;
    if (timeout === 0) throw await failure(perform, `no ${search.what} within ${patience} ms`);
    after = events.at(-1)?.seq ?? after;
  }
}

/** Resolves with the message if it is the expected one. @throws AssertionError with the difference */
export async function expectMessage(
  perform: Perform,
  event: MessageEvent,
  what: string,
  expected: ExpectedMessage | undefined,
): Promise<Message> {
  if (expected !== undefined) await expectEqual(perform, what, compareMessage(event, expected));
  return event.message;
}

/** @throws AssertionError with the difference */
export async function expectEqual(perform: Perform, what: string, comparison: Comparison): Promise<void> {
  if (!isEqual(comparison)) throw await failure(perform, `the ${what} is not the expected one`, comparison);
}

/** Waits until the bot is idle. @throws AssertionError with the reason if it is not */
export async function expectIdle(perform: Perform, { timeout = DEFAULT_TIMEOUT, ...rest }: IdleOptions): Promise<void> {
  const { business } = await perform("idle", { timeout, ...rest });
  if (business === undefined) return;
  throw await failure(perform, `the bot is not idle after ${timeout} ms: ${business}`);
}

/** @throws AssertionError if there is a message */
export async function expectNone(perform: Perform, what: string, event: MessageEvent | undefined): Promise<void> {
  if (event === undefined) return;
  const { text, caption } = event.message;
  throw await failure(perform, `there is a ${what}, where none was expected`, {
    actual: text ?? caption ?? event.message,
    expected: undefined,
  });
}

export function lastOf(messages: readonly Message[], what: string): Message {
  const last = messages.at(-1);
  if (last === undefined) throw new AssertionError({ message: `there is no ${what}` });
  return last;
}
