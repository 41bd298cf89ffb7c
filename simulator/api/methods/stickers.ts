/** Sticker sets that the bot has made: https://core.telegram.org/bots/api#getstickerset to #deletestickerset */

import type { MaskPosition, Sticker, StickerSet } from "@grammyjs/types";
import type { UploadedFile } from "../../state/files.ts";
import type { StoredSet } from "../../state/stickers.ts";
import { personOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

/** https://core.telegram.org/bots/api#inputsticker */
interface InputSticker {
  sticker: string | UploadedFile;
  format: "static" | "animated" | "video";
  emoji_list: string[];
  mask_position?: MaskPosition;
  keywords?: string[];
}

const MAX_FIRST = 50;
const SIDE = 512;
const EMOJI_SIDE = 100;
/** Stickers of a set, by its type. */
const MAX_STICKERS = { regular: 120, mask: 120, custom_emoji: 200 };
const MAX_TITLE = 64;
const ICONS = ["📰", "💡", "⚡️", "🎙", "🔝", "🗣"];

export const stickerMethods: Record<string, Handler> = {
  getStickerSet: (call, telegram) => shown(setOf(call, telegram)),

  createNewStickerSet(call, telegram) {
    const { world } = telegram;
    const name = call.string("name")!;
    const isValid = /^[a-z](?!.*__)\w{0,63}$/i.test(name);
    const isOurs = name.toLowerCase().endsWith(`_by_${world.bot.username.toLowerCase()}`);
    if (!isValid || !isOurs) throw badRequest("invalid sticker set name is specified");
    if (world.stickers.get(name) !== undefined) throw badRequest("sticker set name is already occupied");
    const owner_id = personOf(world, call.number("user_id")).user.id;
    const given = call.array<InputSticker>("stickers")!;
    if (given.length === 0 || given.length > MAX_FIRST) throw badRequest("STICKERS_EMPTY");
    const sticker_type = (call.string("sticker_type") ?? "regular") as StickerSet["sticker_type"];
    const set: StoredSet = { name, title: titleIn(call), sticker_type, owner_id, stickers: [], keywords: new Map() };
    for (const one of given) set.stickers.push(stickerOf(one, set, telegram));
    world.stickers.add(set);
    return true;
  },

  addStickerToSet(call, telegram) {
    const set = setOf(call, telegram);
    if (set.stickers.length >= MAX_STICKERS[set.sticker_type]) throw badRequest("STICKERS_TOO_MUCH");
    set.stickers.push(stickerOf(call.object<InputSticker>("sticker")!, set, telegram));
    return true;
  },

  setStickerPositionInSet(call, telegram) {
    const { set, at } = stickerIn(call, telegram);
    const [sticker] = set.stickers.splice(at, 1);
    set.stickers.splice(Math.max(0, call.number("position")!), 0, sticker!);
    return true;
  },

  deleteStickerFromSet(call, telegram) {
    const { set, at } = stickerIn(call, telegram);
    set.stickers.splice(at, 1);
    return true;
  },

  replaceStickerInSet(call, telegram) {
    const set = setOf(call, telegram);
    const at = set.stickers.findIndex(({ file_id }) => file_id === call.string("old_sticker"));
    if (at < 0) throw badRequest("STICKER_INVALID");
    set.stickers[at] = stickerOf(call.object<InputSticker>("sticker")!, set, telegram);
    return true;
  },

  setStickerEmojiList: (call, telegram) =>
    change(call, telegram, (sticker) => ({ ...sticker, emoji: emojiOf(call.array<string>("emoji_list")!) })),

  setStickerKeywords(call, telegram) {
    const { set, at } = stickerIn(call, telegram);
    set.keywords.set(set.stickers[at]!.file_id, call.array<string>("keywords") ?? []);
    return true;
  },

  setStickerMaskPosition: (call, telegram) =>
    change(call, telegram, ({ mask_position: _, ...sticker }) => {
      const mask_position = call.object<MaskPosition>("mask_position");
      return mask_position === undefined ? sticker : { ...sticker, mask_position };
    }),

  setStickerSetTitle(call, telegram) {
    setOf(call, telegram).title = titleIn(call);
    return true;
  },

  setStickerSetThumbnail(call, telegram) {
    const set = setOf(call, telegram);
    const file = call.file("thumbnail");
    if (file === undefined) delete set.thumbnail;
    else set.thumbnail = { ...sized(telegram.files.store(file, "sticker")), width: EMOJI_SIDE, height: EMOJI_SIDE };
    return true;
  },

  setCustomEmojiStickerSetThumbnail(call, telegram) {
    const set = setOf(call, telegram);
    const sticker = set.stickers.find(({ custom_emoji_id }) => custom_emoji_id === call.string("custom_emoji_id"));
    if (sticker === undefined) delete set.thumbnail;
    else set.thumbnail = { ...sized(sticker), width: EMOJI_SIDE, height: EMOJI_SIDE };
    return true;
  },

  deleteStickerSet(call, telegram) {
    telegram.world.stickers.delete(setOf(call, telegram));
    return true;
  },

  uploadStickerFile(call, { files }) {
    const { file_id, file_unique_id, file_size } = files.store(call.file("sticker"), "sticker");
    return { file_id, file_unique_id, file_size };
  },

  getCustomEmojiStickers: (call, { world }) =>
    call.array<string>("custom_emoji_ids")!.flatMap((id) => world.stickers.customEmoji(id) ?? []),

  /** Telegram has some of these for every forum. */
  getForumTopicIconStickers: (_, telegram) =>
    ICONS.map((emoji, at) => {
      const file = telegram.files.store(`CAACSimulatedIcon${at}`, "sticker");
      return { ...base("custom_emoji", "static"), ...sized(file), emoji, custom_emoji_id: String(5_000_000_000 + at) };
    }),
};

function setOf(call: Call, { world }: Telegram): StoredSet {
  const set = world.stickers.get(call.string("name")!);
  if (set === undefined) throw badRequest("STICKERSET_INVALID");
  return set;
}

function stickerIn(call: Call, { world }: Telegram) {
  const found = world.stickers.find(call.string("sticker")!);
  if (found === undefined) throw badRequest("STICKER_INVALID");
  return found;
}

function change(call: Call, telegram: Telegram, next: (sticker: Sticker) => Sticker): true {
  const { set, at } = stickerIn(call, telegram);
  set.stickers[at] = next(set.stickers[at]!);
  return true;
}

function stickerOf(input: InputSticker, set: StoredSet, { files, world }: Telegram): Sticker {
  const { sticker, format, emoji_list, mask_position, keywords = [] } = input;
  const file = files.store(sticker, "sticker");
  const isEmoji = set.sticker_type === "custom_emoji";
  set.keywords.set(file.file_id, keywords);
  return {
    ...base(set.sticker_type, format),
    ...sized(file),
    emoji: emojiOf(emoji_list),
    set_name: set.name,
    ...(isEmoji && { custom_emoji_id: world.nextQueryId() }),
    ...(mask_position !== undefined && { mask_position }),
  };
}

function base(type: StickerSet["sticker_type"], format: InputSticker["format"]) {
  const side = type === "custom_emoji" ? EMOJI_SIDE : SIDE;
  return { type, width: side, height: side, is_animated: format === "animated", is_video: format === "video" };
}

const sized = ({
  file_id,
  file_unique_id,
  file_size = 0,
}: {
  file_id: string;
  file_unique_id: string;
  file_size?: number;
}) => ({
  file_id,
  file_unique_id,
  file_size,
});

/** A sticker shows its first emoji. */
function emojiOf(emoji_list: readonly string[]): string {
  const [first] = emoji_list;
  if (first === undefined) throw badRequest("invalid sticker emojis");
  return first;
}

function titleIn(call: Call): string {
  const title = call.string("title")!.trim();
  if (title === "" || title.length > MAX_TITLE) throw badRequest("PACK_TITLE_INVALID");
  return title;
}

function shown({ owner_id: _, keywords: __, ...set }: StoredSet): StickerSet {
  return set as StickerSet;
}
