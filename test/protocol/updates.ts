/** A payload for every kind of update, as Telegram sends it. The compiler checks them against the types. */

import type { Chat, Message, Poll, Update, User } from "@grammyjs/types";
import type { UpdateKind } from "../../src/protocol/events.ts";

/** The bot's User, from getMe. */
export const BOT = { id: 7_000_000_001, is_bot: true, first_name: "Echo", username: "echo_bot" } satisfies User;

export const ADA = { id: 815_000_001, is_bot: false, first_name: "Ada", language_code: "en" } satisfies User;
export const BOB = { id: 5_300_000_002, is_bot: false, first_name: "Bob" } satisfies User;
/** The placeholder user that Telegram sends for an anonymous sender in a channel. */
const CHANNEL_BOT = { id: 136_817_688, is_bot: true, first_name: "Channel", username: "Channel_Bot" } satisfies User;

export const PRIVATE = { id: ADA.id, type: "private", first_name: "Ada" } satisfies Chat;
export const GROUP = { id: -4_000_000_001, type: "group", title: "Family" } satisfies Chat;
export const SUPERGROUP = { id: -1_001_500_000_001, type: "supergroup", title: "Town" } satisfies Chat;
export const CHANNEL = { id: -1_002_500_000_002, type: "channel", title: "News", username: "news" } satisfies Chat;

const DATE = 1_790_000_000;
const message = { message_id: 11, date: DATE, from: ADA, chat: PRIVATE, text: "Hello" } satisfies Message;
const poll = {
  id: "5100000000000000001",
  question: "Tea?",
  options: [
    { persistent_id: "a", text: "yes", voter_count: 2 },
    { persistent_id: "b", text: "no", voter_count: 0 },
  ],
  total_voter_count: 2,
  is_closed: false,
  is_anonymous: true,
  type: "regular",
  allows_multiple_answers: false,
  allows_revoting: true,
  members_only: false,
} satisfies Poll;
const member = { user: BOB, status: "member" } as const;
const boost = { source: "premium", user: BOB } as const;

export const PAYLOADS = {
  message,
  edited_message: { ...message, chat: GROUP, edit_date: DATE + 5 },
  channel_post: { message_id: 12, date: DATE, chat: CHANNEL, sender_chat: CHANNEL, text: "News!" },
  edited_channel_post: { message_id: 12, date: DATE, chat: CHANNEL, text: "News.", edit_date: DATE + 5 },
  business_connection: { id: "conn1", user: BOB, user_chat_id: BOB.id, date: DATE, is_enabled: true },
  business_message: { ...message, business_connection_id: "conn1" },
  edited_business_message: { ...message, business_connection_id: "conn1", edit_date: DATE + 5 },
  deleted_business_messages: { business_connection_id: "conn1", chat: PRIVATE, message_ids: [3, 4] },
  guest_message: { ...message, chat: SUPERGROUP, guest_query_id: "guest1" },
  stopped_message_generation: { chat: PRIVATE, draft_id: 6 },
  message_reaction: {
    chat: SUPERGROUP,
    message_id: 11,
    user: BOB,
    date: DATE,
    old_reaction: [],
    new_reaction: [{ type: "emoji", emoji: "👍" }],
  },
  message_reaction_count: { chat: CHANNEL, message_id: 12, date: DATE, reactions: [] },
  inline_query: { id: "71", from: ADA, query: "cats", offset: "" },
  chosen_inline_result: { result_id: "1", from: ADA, query: "cats" },
  callback_query: { id: "72", from: BOB, message: { ...message, chat: SUPERGROUP }, chat_instance: "9", data: "go" },
  shipping_query: {
    id: "73",
    from: ADA,
    invoice_payload: "order1",
    shipping_address: {
      country_code: "GB",
      state: "",
      city: "London",
      street_line1: "1",
      street_line2: "",
      post_code: "N1",
    },
  },
  pre_checkout_query: { id: "74", from: ADA, currency: "XTR", total_amount: 5, invoice_payload: "order1" },
  purchased_paid_media: { from: ADA, paid_media_payload: "album1" },
  poll,
  poll_answer: { poll_id: poll.id, user: ADA, option_ids: [0], option_persistent_ids: ["a"] },
  my_chat_member: {
    chat: PRIVATE,
    from: ADA,
    date: DATE,
    old_chat_member: { user: BOT, status: "member" },
    new_chat_member: { user: BOT, status: "kicked", until_date: 0 },
  },
  chat_member: {
    chat: SUPERGROUP,
    from: ADA,
    date: DATE,
    old_chat_member: { user: BOB, status: "left" },
    new_chat_member: member,
  },
  chat_join_request: { chat: SUPERGROUP, from: BOB, user_chat_id: BOB.id, date: DATE },
  chat_boost: {
    chat: CHANNEL,
    boost: { boost_id: "1", add_date: DATE, expiration_date: DATE + 1000, source: boost },
  },
  removed_chat_boost: { chat: CHANNEL, boost_id: "1", remove_date: DATE, source: boost },
  managed_bot: { user: ADA, bot: CHANNEL_BOT },
  subscription: { user: ADA, invoice_payload: "monthly", state: "active" },
} satisfies { [Kind in UpdateKind]: NonNullable<Update[Kind]> };

/** The message is too old, or was deleted: Telegram sends only its chat and id. */
export const CALLBACK_ON_INACCESSIBLE_MESSAGE = {
  ...PAYLOADS.callback_query,
  message: { chat: GROUP, message_id: 11, date: 0 },
} satisfies Update["callback_query"];

/** The button belongs to a message that was sent through an inline query. */
export const CALLBACK_WITHOUT_MESSAGE = {
  id: "72",
  from: BOB,
  inline_message_id: "inline1",
  chat_instance: "9",
  data: "go",
} satisfies Update["callback_query"];

/** The button belongs to a message in a business account's chat. */
export const CALLBACK_ON_BUSINESS_MESSAGE = {
  ...PAYLOADS.callback_query,
  from: ADA,
  message: PAYLOADS.business_message,
} satisfies Update["callback_query"];

/** The voter is a channel; Telegram fills `user` with a placeholder. */
export const ANONYMOUS_POLL_ANSWER = {
  ...PAYLOADS.poll_answer,
  voter_chat: CHANNEL,
  user: CHANNEL_BOT,
} satisfies Update["poll_answer"];
