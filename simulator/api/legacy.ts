/**
 * Names that the Bot API used to have. The public server still takes them (`Client::init_methods`, and `query->arg` in the methods),
 * and old bots still send them.
 */

import type { MethodSchema } from "../schemas.ts";
import { isTrue, type RawParameters } from "./validation.ts";

const METHODS: Record<string, string> = {
  kickchatmember: "banChatMember",
  getchatmemberscount: "getChatMemberCount",
  setstickersetthumb: "setStickerSetThumbnail",
};

/** The present name of a method; any other name unchanged. */
export const currentMethod = (name: string): string => METHODS[name.toLowerCase()] ?? name;

/** Present parameters, each made of the old ones; undefined if the call has none of these. */
const PARAMETERS: Record<string, (old: RawParameters) => unknown> = {
  thumbnail: ({ thumb }) => thumb,
  reply_parameters: ({ reply_to_message_id: message_id, allow_sending_without_reply }) =>
    isEmpty(message_id)
      ? undefined
      : { message_id: Number(message_id), allow_sending_without_reply: isTrue(allow_sending_without_reply) },
  link_preview_options: ({ disable_web_page_preview }) =>
    isTrue(disable_web_page_preview) ? { is_disabled: true } : undefined,
  correct_option_ids: ({ correct_option_id }) => (isEmpty(correct_option_id) ? undefined : [Number(correct_option_id)]),
  can_manage_video_chats: ({ can_manage_voice_chats }) => can_manage_voice_chats,
  button: ({ switch_pm_text: text, switch_pm_parameter: start_parameter }) =>
    isEmpty(text) ? undefined : { text, start_parameter },
};

/** The parameters under their present names. A call that has one under both names keeps the present one. */
export function withCurrentNames({ parameters }: MethodSchema, raw: RawParameters): RawParameters {
  const renamed: Record<string, unknown> = {};
  for (const { name } of parameters) {
    const value = isEmpty(raw[name]) ? PARAMETERS[name]?.(raw) : undefined;
    if (!isEmpty(value)) renamed[name] = value;
  }
  return Object.keys(renamed).length === 0 ? raw : { ...raw, ...renamed };
}

const isEmpty = (value: unknown) => value === undefined || value === null || value === "";
