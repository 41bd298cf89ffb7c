/** The output of both parsers: text that grows, and entities that open and close like brackets. */

import type { MessageEntity } from "@grammyjs/types";

export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** An entity before its length is known. */
export interface EntityStart {
  type: string;
  [key: string]: unknown;
}

interface Open {
  /** The tag or marker that closes it. */
  name: string;
  /** Undefined for markup without an entity. */
  start: EntityStart | undefined;
  /** Position in the text. */
  offset: number;
  /** Position in the source. */
  openedAt: number;
}

export class EntityStack {
  #text = "";
  readonly #open: Open[] = [];
  readonly #entities: MessageEntity[] = [];

  /** The name of the entity to be closed next. */
  get innermost(): string | undefined {
    return this.#open.at(-1)?.name;
  }

  write(text: string): void {
    this.#text += text;
  }

  /** The innermost entity's position in the source. */
  get openedAt(): number | undefined {
    return this.#open.at(-1)?.openedAt;
  }

  open(name: string, start: EntityStart | undefined, openedAt = 0): void {
    this.#open.push({ name, start, offset: this.#text.length, openedAt });
  }

  /** Adds details to the innermost entity that the parser found inside it. */
  amend(details: Record<string, unknown>): void {
    const start = this.#open.at(-1)?.start;
    if (start !== undefined) Object.assign(start, details);
  }

  /** Sets the type of the innermost entity at its end. */
  setStart(start: EntityStart): void {
    this.#open.at(-1)!.start = start;
  }

  /** Closes the innermost entity, and drops it if it is empty. */
  close(): void {
    const { start, offset } = this.#open.pop()!;
    const length = this.#text.length - offset;
    if (start === undefined || length === 0) return;
    this.#entities.push({ offset, length, ...start } as unknown as MessageEntity);
  }

  result(): FormattedText {
    const entities = this.#entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
    return { text: this.#text, entities };
  }
}
