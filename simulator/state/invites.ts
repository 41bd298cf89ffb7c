/** Invite links of a chat, and requests to join it: https://core.telegram.org/bots/api#chatinvitelink, #chatjoinrequest */

import type { ChatInviteLink, User } from "@grammyjs/types";
import { withoutProfile } from "./messages.ts";

export interface LinkOptions {
  name?: string;
  expire_date?: number;
  member_limit?: number;
  creates_join_request?: boolean;
  subscription_period?: number;
  subscription_price?: number;
}

export interface JoinRequest {
  user: User;
  link?: ChatInviteLink;
  /** Of the newer requests, which a bot may answer as a query. */
  query_id: string;
}

export class Invites {
  readonly #links = new Map<string, ChatInviteLink>();
  /** Users who joined by each link. */
  readonly #used = new Map<string, number>();
  /** By user id. */
  readonly requests = new Map<number, JoinRequest>();

  get(invite_link: string): ChatInviteLink | undefined {
    const link = this.#links.get(invite_link);
    if (link === undefined) return undefined;
    const waiting = [...this.requests.values()].filter((request) => request.link?.invite_link === invite_link).length;
    return { ...link, ...(waiting > 0 && { pending_join_request_count: waiting }) };
  }

  /** The current primary link of an administrator. */
  primary(creator_id: number): ChatInviteLink | undefined {
    return [...this.#links.values()].find(
      ({ creator, is_primary, is_revoked }) => is_primary && !is_revoked && creator.id === creator_id,
    );
  }

  create(invite_link: string, creator: User, options: LinkOptions = {}, is_primary = false): ChatInviteLink {
    const link = {
      invite_link,
      creator: withoutProfile(creator),
      creates_join_request: options.creates_join_request === true,
      is_primary,
      is_revoked: false,
    };
    this.#links.set(invite_link, link);
    return this.edit(invite_link, options);
  }

  /** Replaces what the creator of a link has chosen. */
  edit(invite_link: string, options: LinkOptions): ChatInviteLink {
    const { creator, is_primary, is_revoked } = this.#links.get(invite_link)!;
    const { creates_join_request = false, ...chosen } = options;
    const given = Object.entries(chosen).filter(([, value]) => value !== undefined && value !== 0 && value !== "");
    const link = { invite_link, creator, ...Object.fromEntries(given), creates_join_request, is_primary, is_revoked };
    this.#links.set(invite_link, link as ChatInviteLink);
    return link as ChatInviteLink;
  }

  revoke(invite_link: string): ChatInviteLink {
    const link = { ...this.#links.get(invite_link)!, is_revoked: true };
    this.#links.set(invite_link, link);
    return link;
  }

  /** The reason why the link lets no user in; undefined if it does. */
  closed({ invite_link, is_revoked, expire_date, member_limit }: ChatInviteLink, date: number): string | undefined {
    if (is_revoked) return "is revoked";
    if (expire_date !== undefined && expire_date <= date) return "has expired";
    if (member_limit !== undefined && (this.#used.get(invite_link) ?? 0) >= member_limit) return "is used up";
    return undefined;
  }

  use({ invite_link }: ChatInviteLink): void {
    this.#used.set(invite_link, (this.#used.get(invite_link) ?? 0) + 1);
  }
}
