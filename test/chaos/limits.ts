/** The limits of a Bot API, which may change at any time: messages in a second, to all chats and to each. */

export class Limits {
  /** Messages in a second to all chats together. */
  all = Number.POSITIVE_INFINITY;
  /** Messages in a second to one chat. */
  each = Number.POSITIVE_INFINITY;
  /** Number of refused messages. */
  refused = 0;
  readonly #now: () => number;
  #second = 0;
  #sent = 0;
  readonly #sentTo = new Map<number, number>();

  /** @param now a clock in ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Ends all limits. */
  lift(): void {
    this.all = this.each = Number.POSITIVE_INFINITY;
  }

  /** Counts a message to the chat. @returns true if it is one too many */
  refuses(chat: number): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sent = 0;
      this.#sentTo.clear();
    }
    const sent = this.#sentTo.get(chat) ?? 0;
    if (sent >= this.each || this.#sent >= this.all) {
      this.refused += 1;
      return true;
    }
    this.#sentTo.set(chat, sent + 1);
    this.#sent += 1;
    return false;
  }
}
