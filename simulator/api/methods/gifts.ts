/** Gifts: https://core.telegram.org/bots/api#getavailablegifts to #transfergift. They cost Stars of the bot. */

import type { Gift, OwnedGift, StarTransaction } from "@grammyjs/types";
import { withoutProfile } from "../../state/messages.ts";
import { format } from "../../text/format.ts";
import { chatOf, personOf } from "../access.ts";
import { connectionOf, requireBusinessRight } from "../business.ts";
import type { Call } from "../call.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

/** Id, emoji and price of gifts that can be sent. */
const GIFTS = [
  ["5170145012310081615", "💝", 15],
  ["5170233102089322756", "🧸", 15],
  ["5168103777563050263", "🌹", 25],
] as const;
const MAX_GIFTS = 100;
/** Months of Telegram Premium by their price in Stars. */
const PREMIUM: Record<number, number> = { 3: 1000, 6: 1500, 12: 2500 };

export const giftMethods: Record<string, Handler> = {
  getAvailableGifts: (_, telegram) => ({ gifts: available(telegram) }),

  sendGift(call, telegram) {
    const { world } = telegram;
    const gift = available(telegram).find(({ id }) => id === call.string("gift_id"));
    if (gift === undefined) throw badRequest("STARGIFT_INVALID");
    const owner_id = receiverOf(call, telegram);
    spend(telegram, gift.star_count, { type: "user", transaction_type: "gift_purchase", user: world.bot, gift });
    const { text } = format(call.string("text") ?? "", call.values.text_parse_mode, call.array("text_entities"));
    const sender_user = withoutProfile(world.bot);
    world.accounts.give(owner_id, gift, { sender_user, send_date: world.date, ...(text !== "" && { text }) });
    return true;
  },

  giftPremiumSubscription(call, telegram) {
    const { world } = telegram;
    const person = personOf(world, call.number("user_id"));
    const months = call.number("month_count")!;
    const price = PREMIUM[months];
    if (price === undefined || price !== call.number("star_count")) throw badRequest("PREMIUM_GIFT_INVALID");
    const kind = { transaction_type: "premium_purchase", premium_subscription_duration: months };
    spend(telegram, price, { type: "user", user: withoutProfile(person.user), ...kind });
    person.user = { ...person.user, is_premium: true };
    return true;
  },

  getUserGifts: (call, telegram) => listed(call, telegram, call.number("user_id")!),
  getChatGifts: (call, telegram) => listed(call, telegram, chatOf(telegram.world, call).chat.id),
  getBusinessAccountGifts(call, telegram) {
    const { user } = connectionOf(call, telegram);
    requireBusinessRight(call, telegram, "can_view_gifts_and_stars");
    return listed(call, telegram, user.id);
  },

  convertGiftToStars(call, telegram) {
    const { accounts } = telegram.world;
    requireBusinessRight(call, telegram, "can_convert_gifts_to_stars");
    const { owner_id, gift } = ownedBy(call, telegram);
    if (gift.type !== "regular") throw badRequest("STARGIFT_CONVERT_INVALID");
    accounts.setGifts(owner_id, without(accounts.gifts(owner_id), gift));
    accounts.stars.set(owner_id, (accounts.stars.get(owner_id) ?? 0) + (gift.convert_star_count ?? 0));
    return true;
  },

  upgradeGift(call, telegram) {
    const { accounts, date } = telegram.world;
    requireBusinessRight(call, telegram, "can_transfer_and_upgrade_gifts");
    const { owner_id, gift } = ownedBy(call, telegram);
    if (gift.type !== "regular") throw badRequest("STARGIFT_ALREADY_UPGRADED");
    const unique = plausible("OwnedGiftUnique", call, telegram) as OwnedGift;
    const upgraded = { ...unique, owned_gift_id: gift.owned_gift_id!, send_date: date, can_be_transferred: true };
    accounts.setGifts(owner_id, [upgraded as OwnedGift, ...without(accounts.gifts(owner_id), gift)]);
    return true;
  },

  transferGift(call, telegram) {
    const { accounts, date } = telegram.world;
    requireBusinessRight(call, telegram, "can_transfer_and_upgrade_gifts");
    const { owner_id, gift } = ownedBy(call, telegram);
    if (gift.type !== "unique") throw badRequest("STARGIFT_TRANSFER_INVALID");
    const to = call.number("new_owner_chat_id")!;
    accounts.setGifts(owner_id, without(accounts.gifts(owner_id), gift));
    accounts.setGifts(to, [{ ...gift, send_date: date }, ...accounts.gifts(to)]);
    return true;
  },
};

function available(telegram: Telegram): Gift[] {
  return GIFTS.map(([id, emoji, star_count]) => {
    const { file_id, file_unique_id } = telegram.files.store(`CAACSimulatedGift${id}`, "sticker");
    const size = { width: 512, height: 512, is_animated: true, is_video: false };
    return { id, star_count, sticker: { file_id, file_unique_id, type: "regular", ...size, emoji } };
  });
}

/** @throws Refusal (400) if the bot has not so many Stars */
function spend({ world }: Telegram, amount: number, receiver: object): void {
  if (world.payments.balance < amount) throw badRequest("BALANCE_TOO_LOW");
  const id = `simulated_purchase_${world.accounts.next()}`;
  world.payments.transactions.push({ id, amount, date: world.date, receiver } as StarTransaction);
}

function receiverOf(call: Call, { world }: Telegram): number {
  return call.has("chat_id") ? chatOf(world, call).chat.id : personOf(world, call.number("user_id")).user.id;
}

function ownedBy(call: Call, telegram: Telegram): { owner_id: number; gift: OwnedGift } {
  const owner_id = connectionOf(call, telegram).user.id;
  const id = call.string("owned_gift_id");
  const gift = telegram.world.accounts.gifts(owner_id).find(({ owned_gift_id }) => owned_gift_id === id);
  if (gift === undefined) throw badRequest("STARGIFT_NOT_FOUND");
  return { owner_id, gift };
}

const without = (gifts: readonly OwnedGift[], gift: OwnedGift) => gifts.filter((one) => one !== gift);

function listed(call: Call, { world }: Telegram, owner_id: number) {
  const gifts = world.accounts.gifts(owner_id).filter(({ type }) => {
    const isExcluded = type === "unique" ? call.boolean("exclude_unique") : call.boolean("exclude_unlimited");
    return !isExcluded;
  });
  const offset = Number(call.string("offset") ?? 0) || 0;
  const end = offset + Math.min(call.number("limit") ?? MAX_GIFTS, MAX_GIFTS);
  return {
    total_count: gifts.length,
    gifts: gifts.slice(offset, end),
    ...(end < gifts.length && { next_offset: String(end) }),
  };
}
