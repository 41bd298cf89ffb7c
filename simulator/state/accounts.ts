/** Possessions of users and business accounts, beside their chats: photos, gifts, stories, Stars, settings that a bot keeps for them. */

import type { Gift, OwnedGift, PhotoSize, User } from "@grammyjs/types";

export interface StoredStory {
  id: number;
  chat_id: number;
  connection_id: string;
  content: unknown;
  caption?: string | undefined;
}

export interface ManagedBot {
  /** Tokens that the bot has had. */
  tokens: number;
  is_access_restricted: boolean;
  added_user_ids: readonly number[];
}

export class Accounts {
  /** By user id, the latest first. */
  readonly photos = new Map<number, PhotoSize[][]>();
  /** By the id of a user or chat. */
  readonly #gifts = new Map<number, OwnedGift[]>();
  /** Stars of a business account, by user id. */
  readonly stars = new Map<number, number>();
  /** By id. */
  readonly stories = new Map<number, StoredStory>();
  /** Bots that the bot manages, by their id. */
  readonly managed = new Map<number, ManagedBot>();
  #count = 0;

  next(): number {
    return ++this.#count;
  }

  gifts(owner_id: number): OwnedGift[] {
    return this.#gifts.get(owner_id) ?? [];
  }

  setGifts(owner_id: number, gifts: OwnedGift[]): void {
    this.#gifts.set(owner_id, gifts);
  }

  give(owner_id: number, gift: Gift, more: { sender_user: User; send_date: number; text?: string }): void {
    const owned = { type: "regular", gift, owned_gift_id: `gift${this.next()}`, ...more };
    const stars = { convert_star_count: Math.floor(gift.star_count * 0.85), can_be_upgraded: true };
    this.setGifts(owner_id, [{ ...owned, ...stars } as OwnedGift, ...this.gifts(owner_id)]);
  }
}
