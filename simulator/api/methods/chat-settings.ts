/** Title, photo, description, permissions and sticker set of a chat: https://core.telegram.org/bots/api#setchatpermissions to #deletechatstickerset */

import type { ChatRecord } from "../../state/chat-record.ts";
import { photoOf } from "../../state/photos.ts";
import { requireType, writableChatOf } from "../access.ts";
import { announce } from "../announce.ts";
import type { Call } from "../call.ts";
import { permissionsIn } from "../permissions.ts";
import { badRequest } from "../refusal.ts";
import { requireRight } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { NOT_PRIVATE } from "./chats.ts";

const MAX_TITLE = 128;
const MAX_DESCRIPTION = 255;

export const chatSettingMethods: Record<string, Handler> = {
  setChatTitle(call, telegram) {
    const record = changeable(call, telegram, "title");
    const title = call.string("title")!.trim().slice(0, MAX_TITLE);
    if (title === "") throw badRequest("title must be non-empty");
    if (title === record.chat.title) return true;
    record.chat = { ...record.chat, title } as typeof record.chat;
    announce(telegram, record, { new_chat_title: title });
    return true;
  },

  setChatDescription(call, telegram) {
    const record = writableChatOf(telegram.world, call);
    requireType(record, NOT_PRIVATE, "can't change private chat description");
    requireRight(telegram.world, record, "can_change_info", "not enough rights to set chat description");
    const description = (call.string("description") ?? "").trim().slice(0, MAX_DESCRIPTION);
    const { description: before = "", ...details } = record.details;
    if (description === before) throw badRequest("chat description is not modified");
    record.details = description === "" ? details : { ...details, description };
    return true;
  },

  setChatPhoto(call, telegram) {
    const record = changeable(call, telegram, "photo");
    const photo = call.file("photo");
    if (typeof photo !== "object") throw badRequest("there is no photo in the request");
    const sizes = photoOf(photo, telegram.files);
    if (sizes === undefined) throw badRequest("PHOTO_INVALID_DIMENSIONS");
    const [small, big] = [sizes[0]!, sizes.at(-1)!];
    const ids = { small_file_id: small.file_id, small_file_unique_id: small.file_unique_id };
    const more = { big_file_id: big.file_id, big_file_unique_id: big.file_unique_id };
    record.details = { ...record.details, photo: { ...ids, ...more } };
    announce(telegram, record, { new_chat_photo: sizes });
    return true;
  },

  deleteChatPhoto(call, telegram) {
    const record = changeable(call, telegram, "photo");
    const { photo, ...details } = record.details;
    if (photo === undefined) return true;
    record.details = details;
    announce(telegram, record, { delete_chat_photo: true });
    return true;
  },

  setChatPermissions(call, { world }) {
    const record = writableChatOf(world, call);
    requireType(record, ["group", "supergroup", "channel"], "can't change private chat permissions");
    if (record.chat.type === "channel") throw badRequest("can't change channel chat permissions");
    requireRight(world, record, "can_restrict_members", "not enough rights to change chat permissions");
    const permissions = permissionsIn(call);
    if (JSON.stringify(permissions) === JSON.stringify(record.permissions)) throw badRequest("CHAT_NOT_MODIFIED");
    record.permissions = permissions;
    return true;
  },

  setChatStickerSet(call, telegram) {
    const record = supergroupOf(call, telegram);
    if (!call.has("sticker_set_name")) throw badRequest("sticker_set_name is empty");
    requireStickerRight(telegram, record);
    record.details = { ...record.details, sticker_set_name: call.string("sticker_set_name")! };
    return true;
  },

  deleteChatStickerSet(call, telegram) {
    const record = supergroupOf(call, telegram);
    requireStickerRight(telegram, record);
    const { sticker_set_name: _, ...details } = record.details;
    record.details = details;
    return true;
  },
};

function changeable(call: Call, { world }: Telegram, what: "title" | "photo") {
  const record = writableChatOf(world, call);
  requireType(record, NOT_PRIVATE, `can't change private chat ${what}`);
  requireRight(world, record, "can_change_info", `not enough rights to change chat ${what}`);
  return record;
}

function supergroupOf(call: Call, { world }: Telegram): ChatRecord {
  const record = writableChatOf(world, call);
  requireType(record, ["supergroup"], "method is available only for supergroups");
  return record;
}

const requireStickerRight = ({ world }: Telegram, record: ChatRecord) =>
  requireRight(world, record, "can_change_info", "not enough rights to change supergroup sticker set");
