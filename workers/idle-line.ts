/**
 * Those that are idle, the longest first. The line runs through its members, where a Set would take two more words for each, and
 * leave behind a table with all of them every time that it grows or tidies itself up: there may be a million.
 */

/** What can stand in one such line. */
export interface Member {
  /** Who has been idle for longer, and who for less long; the line's own to set. */
  before: Member | undefined;
  after: Member | undefined;
}

export class IdleLine<T extends Member> {
  #first: T | undefined;
  #last: T | undefined;

  /** The one that has been idle the longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /** At the end; it stands nowhere yet. */
  add(member: T): void {
    member.before = this.#last;
    if (this.#last === undefined) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
  }

  /** @returns whether it was there */
  delete(member: T): boolean {
    const { before, after } = member as { before: T | undefined; after: T | undefined };
    if (before === undefined && this.#first !== member) return false;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    member.before = undefined;
    member.after = undefined;
    return true;
  }
}
