/** The messages that people send in the test of many machines. */

/** Chats: 1, 2, … */
export const CHATS = 120;

/** Messages a second over all chats. */
export const RATE = 100;

/** Pause between two batches of messages: ms. */
export const TICK = 100;

/** Messages of these chats take long: others wait in the worker behind them, and they have a backlog of their own. */
export function isSlow(chat: number): boolean {
  return chat % 6 === 0;
}
