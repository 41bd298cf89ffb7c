/** Other users: profile photos, status, verification, passport: https://core.telegram.org/bots/api#getuserprofilephotos, #verifyuser */

import { chatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_PHOTOS = 100;
const MAX_DESCRIPTION = 70;

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

  verifyUser: (call, telegram) => verify(call, telegram, personOf(call, telegram).user.id),
  verifyChat: (call, telegram) => verify(call, telegram, chatOf(telegram.world, call).chat.id),
  removeUserVerification: (call, telegram) => unverify(telegram, personOf(call, telegram).user.id),
  removeChatVerification: (call, telegram) => unverify(telegram, chatOf(telegram.world, call).chat.id),

  setPassportDataErrors(call, telegram) {
    telegram.world.accounts.passportErrors.set(personOf(call, telegram).user.id, call.array("errors")!);
    return true;
  },
};

function personOf(call: Call, { world }: Telegram) {
  const person = world.people.get(call.number("user_id")!);
  if (person === undefined) throw badRequest("user not found");
  return person;
}

function verify(call: Call, { world }: Telegram, id: number): true {
  const description = call.string("custom_description") ?? "";
  if (description.length > MAX_DESCRIPTION) throw badRequest("VERIFY_DESCRIPTION_INVALID");
  world.accounts.verified.set(id, description);
  return true;
}

function unverify({ world }: Telegram, id: number): true {
  world.accounts.verified.delete(id);
  return true;
}
