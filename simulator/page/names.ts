/** Names and times, as the page shows them. */

import type { Chat, Message, MessageOrigin, User } from "@grammyjs/types";
import { contentKind } from "../state/content-kind.ts";

export const nameOf = ({ first_name, last_name }: Pick<User, "first_name" | "last_name">) =>
  last_name === undefined ? first_name : `${first_name} ${last_name}`;

export const titleOf = (chat: Chat, botName: string) => (chat.type === "private" ? botName : (chat.title ?? ""));

/** The name of the author of a message that is forwarded. */
export function originName(origin: MessageOrigin): string {
  if (origin.type === "user") return nameOf(origin.sender_user);
  if (origin.type === "hidden_user") return origin.sender_user_name;
  return titleOf(origin.type === "chat" ? origin.sender_chat : origin.chat, "");
}

/** `1 vote`, `2 votes` */
export const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @param date seconds since 1970 */
export const timeOf = (date: number) => TIME.format(date * 1000);

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** @param at milliseconds since 1970 */
export const clockOf = (at: number) => CLOCK.format(at);

export const durationOf = (milliseconds: number) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** One of eight colours, the same for the same id. Ids that follow one another differ. */
export const colourOf = (id: number) => `colour-${Math.abs(id * 5 + Math.floor(id / 8)) % 8}`;

/** A message in a few words. */
export function summaryOf(message: Message): string {
  const { text, caption, checklist, poll } = message;
  return text ?? caption ?? checklist?.title ?? (poll === undefined ? kindOf(message) : `Poll: ${poll.question}`);
}

/** The name of the content: `photo`, `new chat members`, … */
export const kindOf = (message: Message) => contentKind(message).replaceAll("_", " ");
