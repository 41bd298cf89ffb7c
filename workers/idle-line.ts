/**
 * The idle members, the longest idle first: a linked list through the members. There may be a million of them. A Set
 * would take two more words for each, and leave an old table behind each time that it is rehashed.
 */

/** A member of one line at most. Only the line sets these. */
export interface Member {
  /** The neighbour that has been idle for longer. */
  before: Member | undefined;
  /** The neighbour that has been idle for less time. */
  after: Member | undefined;
}

export class IdleLine<T extends Member> {
  #first: T | undefined;
  #last: T | undefined;

  /** The member that has been idle the longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Adds a member at the end. It must be in no line yet. */
  add(member: T): void {
    member.before = this.#last;
    if (this.#last === undefined) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
  }

  /** @returns true if the member was in the line */
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
