/** Other users: https://core.telegram.org/bots/api#getuserprofilephotos, #setuseremojistatus */

import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_PHOTOS = 100;

export const userMethods: Record<string, Handler> = {
  getUserProfilePhotos(call, telegram) {
    const id = call.number("user_id")!;
    if (id !== telegram.world.bot.id) personOf(call, telegram);
    const photos = telegram.world.accounts.photos.get(id) ?? [];
    const offset = call.number("offset") ?? 0;
    const limit = Math.min(call.number("limit") ?? MAX_PHOTOS, MAX_PHOTOS);
    return { total_count: photos.length, photos: photos.slice(offset, offset + limit) };
  },

  setUserEmojiStatus(call, telegram) {
    const { world } = telegram;
    const record = world.privateChat(personOf(call, telegram));
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

function personOf(call: Call, { world }: Telegram) {
  const person = world.people.get(call.number("user_id")!);
  if (person === undefined) throw badRequest("user not found");
  return person;
}
