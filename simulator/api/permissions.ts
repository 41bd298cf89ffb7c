/** Reads the parameter `permissions`: those that are left out follow others (Client.cpp, `get_chat_permissions`). */

import type { ChatPermissions } from "@grammyjs/types";
import { permissionsWith } from "../state/rights.ts";
import type { Call } from "./call.ts";

interface GivenPermissions extends ChatPermissions {
  /** The permissions for all media, from before Bot API 6.5. */
  can_send_media_messages?: boolean;
}

const MEDIA = "audios documents photos videos video_notes voice_notes".split(" ").map((kind) => `can_send_${kind}`);
const media = (granted: boolean | undefined) => Object.fromEntries(MEDIA.map((name) => [name, granted]));

export function permissionsIn(call: Call): Required<ChatPermissions> {
  const { can_send_media_messages, ...given } = call.object<GivenPermissions>("permissions")!;
  const isIndependent = call.boolean("use_independent_chat_permissions");
  const impliesMedia = !isIndependent && (given.can_send_other_messages || given.can_add_web_page_previews);
  const impliesText = !isIndependent && (impliesMedia || can_send_media_messages || given.can_send_polls);
  return permissionsWith({
    can_manage_topics: given.can_pin_messages,
    can_edit_tag: given.can_pin_messages,
    can_react_to_messages: given.can_send_messages,
    ...media(can_send_media_messages),
    ...given,
    ...(impliesMedia && media(true)),
    ...(impliesText && { can_send_messages: true }),
  } as ChatPermissions);
}
