/** What both parsers write into: text that grows, and entities that open and close like brackets. */

import type { MessageEntity } from "@grammyjs/types";

export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** An entity before it is known how long it is. */
export interface EntityStart {
  type: string;
  [key: string]: unknown;
}

interface Open {
  /** What has to close it: the tag or the marker. */
  name: string;
  /** Undefined for markup that leaves no entity. */
  start: EntityStart | undefined;
  /** In the text. */
  offset: number;
  /** In the source. */
  openedAt: number;
}

export class EntityStack {
  #text = "";
  readonly #open: Open[] = [];
  readonly #entities: MessageEntity[] = [];

  /** The name of the entity that has to be closed next. */
  get innermost(): string | undefined {
    return this.#open.at(-1)?.name;
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Where in the source the innermost entity begins. */
  get openedAt(): number | undefined {
    return this.#open.at(-1)?.openedAt;
  }

  open(name: string, start: EntityStart | undefined, openedAt = 0): void {
    this.#open.push({ name, start, offset: this.#text.length, openedAt });
  }

  /** Adds to the innermost entity what only became known inside it. */
  amend(details: Record<string, unknown>): void {
    const start = this.#open.at(-1)?.start;
    if (start !== undefined) Object.assign(start, details);
  }

  /** Says at last what the innermost entity is. */
  become(start: EntityStart): void {
    this.#open.at(-1)!.start = start;
  }

  /** Closes the innermost entity; empty ones vanish. */
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
