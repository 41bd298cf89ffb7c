/** Other users: https://core.telegram.org/bots/api#getuserprofilephotos, #setuseremojistatus */

import { personOf } from "../access.ts";
import type { Handler } from "../telegram.ts";

const MAX_PHOTOS = 100;

export const userMethods: Record<string, Handler> = {
  getUserProfilePhotos(call, { world }) {
    const id = call.number("user_id")!;
    if (id !== world.bot.id) personOf(world, id);
    const photos = world.accounts.photos.get(id) ?? [];
    const offset = call.number("offset") ?? 0;
    const limit = Math.min(call.number("limit") ?? MAX_PHOTOS, MAX_PHOTOS);
    return { total_count: photos.length, photos: photos.slice(offset, offset + limit) };
  },

  setUserEmojiStatus(call, { world }) {
    const record = world.privateChat(personOf(world, call.number("user_id")));
    const id = call.string("emoji_status_custom_emoji_id");
    const date = call.number("emoji_status_expiration_date");
    const { emoji_status_custom_emoji_id: _, emoji_status_expiration_date: __, ...details } = record.details;
    record.details = {
      ...details,
      ...(id !== undefined && { emoji_status_custom_emoji_id: id }),
      ...(id !== undefined && date !== undefined && { emoji_status_expiration_date: date }),
    };
    return true;
  },
};
