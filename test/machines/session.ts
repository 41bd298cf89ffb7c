/** The session that a chat has in the test of many machines. */

export interface Session {
  /** Messages that it has seen. */
  readonly count: number;
  /** Of their numbers: another order, or a message that counts twice, makes another sum. */
  readonly sum: number;
}

const NEW: Session = { count: 0, sum: 0 };

/** The session after another message. */
export function after({ count, sum }: Session = NEW, number: number): Session {
  return { count: count + 1, sum: (sum * 31 + number) % 1_000_003 };
}

/** The session after so many messages, without any fault. */
export function faultless(messages: number): Session {
  let session = NEW;
  for (let number = 1; number <= messages; number++) session = after(session, number);
  return session;
}
