/** Sticker sets: https://core.telegram.org/bots/api#stickerset */

import type { Sticker, StickerSet } from "@grammyjs/types";

export interface StoredSet extends Omit<StickerSet, "stickers"> {
  stickers: Sticker[];
  owner_id: number;
  /** By file_id; not shown by getStickerSet. */
  keywords: Map<string, readonly string[]>;
}

export class StickerSets {
  /** By name in lower case. */
  readonly #sets = new Map<string, StoredSet>();

  get(name: string): StoredSet | undefined {
    return this.#sets.get(name.toLowerCase());
  }

  add(set: StoredSet): void {
    this.#sets.set(set.name.toLowerCase(), set);
  }

  delete({ name }: StoredSet): void {
    this.#sets.delete(name.toLowerCase());
  }

  /** The set with a sticker, and the sticker's position in it. */
  find(file_id: string): { set: StoredSet; at: number } | undefined {
    for (const set of this.#sets.values()) {
      const at = set.stickers.findIndex((sticker) => sticker.file_id === file_id);
      if (at >= 0) return { set, at };
    }
    return undefined;
  }

  customEmoji(id: string): Sticker | undefined {
    return [...this.#sets.values()]
      .flatMap(({ stickers }) => stickers)
      .find(({ custom_emoji_id }) => custom_emoji_id === id);
  }
}
