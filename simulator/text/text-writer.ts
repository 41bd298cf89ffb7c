/** The output of the parsers: a text that grows, and entities that end where it ends at the time. */

import { inOrder } from "./entity-kinds.ts";
import type { Entity, EntityDetails, MarkedText } from "./formatted-text.ts";

export class TextWriter {
  readonly #entities: Entity[] = [];
  #text = "";

  get text(): string {
    return this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  /** The entity that was added last. */
  get last(): Entity | undefined {
    return this.#entities.at(-1);
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Adds an entity from the offset to the end of the text, unless it would be empty. */
  add(details: EntityDetails | undefined, offset: number): void {
    const length = this.#text.length - offset;
    if (details !== undefined && length > 0) this.#entities.push({ ...details, offset, length } as Entity);
  }

  result(): MarkedText {
    return { text: this.#text, entities: this.#entities.sort(inOrder) };
  }
}
