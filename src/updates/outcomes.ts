/**
 * The last outcomes of the lines that were at work last: tells whether most of these lines threw the same error. Lines count, not events,
 * so that one chat that throws for each message is one line. Counting begins with a throw and ends when the last throw is too old:
 * while nothing throws, settlements need not be told.
 */

interface Outcome {
  readonly at: number;
  /** Undefined if the event was settled. */
  readonly error: string | undefined;
}

/** Time for which an outcome counts: ms. */
const AGE = 10_000;
/** Lines that count. */
const MOST_LINES = 100;
/** Lines that have to throw the same error. */
const FEWEST = 10;

export class Outcomes {
  /** By line, the oldest first. */
  readonly #last = new Map<string, Outcome>();
  /** Number of lines by the error that they threw last. */
  readonly #threw = new Map<string, number>();

  /** True if no line threw lately. */
  get isEmpty(): boolean {
    return this.#last.size === 0;
  }

  /** @param now a clock that does not step: ms */
  settled(line: string, now: number): void {
    if (!this.isEmpty) this.#note(line, { at: now, error: undefined });
  }

  /** @returns true if most lines threw this error */
  threw(line: string, error: string, now: number): boolean {
    this.#note(line, { at: now, error });
    const lines = this.#threw.get(error)!;
    return lines >= FEWEST && 2 * lines > this.#last.size;
  }

  clear(): void {
    this.#last.clear();
    this.#threw.clear();
  }

  #note(line: string, outcome: Outcome): void {
    this.#drop(line);
    this.#last.set(line, outcome);
    this.#count(outcome, 1);
    for (const [oldest, { at }] of this.#last) {
      if (this.#last.size <= MOST_LINES && outcome.at - at < AGE) break;
      this.#drop(oldest);
    }
    if (this.#threw.size === 0) this.#last.clear();
  }

  #drop(line: string): void {
    const outcome = this.#last.get(line);
    if (outcome === undefined) return;
    this.#last.delete(line);
    this.#count(outcome, -1);
  }

  #count({ error }: Outcome, change: 1 | -1): void {
    if (error === undefined) return;
    const lines = (this.#threw.get(error) ?? 0) + change;
    if (lines === 0) this.#threw.delete(error);
    else this.#threw.set(error, lines);
  }
}

/** Longest error: characters. */
const LONGEST = 200;

/**
 * The name and the message of an error, in one line. Words that hold a digit are blanked: numbers, ids and addresses differ from event to
 * event.
 * @param text the error with its stack
 */
export function signatureOf(text: string): string {
  const [head = ""] = text.split(/\n\s+at /, 1);
  return head
    .slice(0, 2 * LONGEST)
    .replaceAll(/[\w-]*\d[\w-]*/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, LONGEST);
}
