/**
 * Rights of administrators and permissions of members: https://core.telegram.org/bots/api#chatadministratorrights,
 * #chatpermissions. The rules are tdlib's (DialogParticipant.cpp, `apply_restrictions`; MessageContent.cpp,
 * `can_send_message_content`).
 */

import type { Chat, ChatAdministratorRights, ChatMember, ChatPermissions, User } from "@grammyjs/types";
import { objectSchema } from "../schemas.ts";
import type { ChatRecord } from "./chat-record.ts";
import { memberWith } from "./members.ts";

export type Right = keyof ChatAdministratorRights;
export type Permission = keyof ChatPermissions;
type ChatType = Chat["type"];

const fieldsOf = <Name extends string>(type: string) => objectSchema(type)!.fields.map(({ name }) => name as Name);

const RIGHTS = fieldsOf<Right>("ChatAdministratorRights");
const PERMISSIONS = fieldsOf<Permission>("ChatPermissions");

/** Rights that exist in some types of chats only; the others exist in all. */
const ONLY_IN: Partial<Record<string, readonly ChatType[]>> = {
  can_post_messages: ["channel"],
  can_edit_messages: ["channel"],
  can_manage_direct_messages: ["channel"],
  can_pin_messages: ["group", "supergroup"],
  can_manage_tags: ["group", "supergroup"],
  can_manage_topics: ["supergroup"],
};

const rightsIn = (type: ChatType) => RIGHTS.filter((right) => ONLY_IN[right]?.includes(type) ?? true);

/** Rights as a bot sees them: those that are left out are false. Any right implies can_manage_chat. */
export function rightsWith(type: ChatType, granted: Partial<ChatAdministratorRights>): ChatAdministratorRights {
  const rights = Object.fromEntries(rightsIn(type).map((right) => [right, granted[right] === true]));
  if (Object.values(rights).includes(true)) rights.can_manage_chat = true;
  return rights as unknown as ChatAdministratorRights;
}

/** An administrator with these rights; without them, with every right except anonymity. */
export function administrator(
  user: User,
  type: ChatType,
  rights: Partial<ChatAdministratorRights> = everyRight(type),
): ChatMember {
  return memberWith("administrator", user, { ...rightsWith(type, rights), can_manage_chat: true });
}

const everyRight = (type: ChatType) =>
  Object.fromEntries(rightsIn(type).map((right) => [right, right !== "is_anonymous"]));

/** Permissions with those that are left out as false. */
export const permissionsWith = (granted: ChatPermissions): Required<ChatPermissions> =>
  Object.fromEntries(PERMISSIONS.map((name) => [name, granted[name] === true])) as Required<ChatPermissions>;

/** The permissions of a new group. */
export const ALL_PERMISSIONS = permissionsWith(Object.fromEntries(PERMISSIONS.map((name) => [name, true])));

/** True for the owner, and for an administrator with the right. */
export function hasRight(record: ChatRecord, user_id: number, right: Right): boolean {
  const member = record.member(user_id);
  if (member?.status === "creator") return true;
  return member?.status === "administrator" && (member as Partial<Record<Right, unknown>>)[right] === true;
}

export const isAdministrator = (record: ChatRecord, user_id: number): boolean =>
  ["creator", "administrator"].includes(record.statusOf(user_id));

/** True if the user may do this: the owner, administrators, and members whom neither the chat nor a restriction stops. */
export function isPermitted(record: ChatRecord, user_id: number, permission: Permission): boolean {
  if (isAdministrator(record, user_id)) return true;
  if (record.permissions[permission] !== true) return false;
  const member = record.member(user_id);
  return member?.status !== "restricted" || member[permission] === true;
}

/** By field of a message: the permissions that its sender needs, and a name for refusals. The first field counts. */
const CONTENT: Record<string, readonly [string, ...Permission[]]> = {
  text: ["text messages", "can_send_messages"],
  animation: ["animations", "can_send_other_messages"],
  audio: ["music", "can_send_audios"],
  contact: ["contacts", "can_send_messages"],
  dice: ["dice", "can_send_other_messages"],
  document: ["documents", "can_send_documents"],
  game: ["games", "can_send_other_messages"],
  invoice: ["invoice messages", "can_send_messages"],
  venue: ["venues", "can_send_messages"],
  location: ["locations", "can_send_messages"],
  paid_media: ["paid media", "can_send_photos", "can_send_videos"],
  photo: ["photos", "can_send_photos"],
  poll: ["polls", "can_send_polls"],
  rich_message: ["the rich message", "can_send_messages"],
  sticker: ["stickers", "can_send_other_messages"],
  story: ["stories", "can_send_photos", "can_send_videos"],
  checklist: ["checklists", "can_send_polls"],
  video: ["videos", "can_send_videos"],
  video_note: ["video notes", "can_send_video_notes"],
  voice: ["voice notes", "can_send_voice_notes"],
};

/** The content that the user may not send there, by its name in refusals; undefined if the user may send it. */
export function forbiddenContent(record: ChatRecord, user_id: number, content: object): string | undefined {
  if (record.chat.type !== "group" && record.chat.type !== "supergroup") return undefined;
  const kind = Object.keys(CONTENT).find((name) => name in content);
  if (kind === undefined) return undefined;
  const [name, ...needed] = CONTENT[kind]!;
  return needed.every((permission) => isPermitted(record, user_id, permission)) ? undefined : name;
}
