/** The topic that a message goes to (`Client::check_message_topic`). */

import type { ChatRecord } from "../../state/chat-record.ts";
import { threadOf as placeOf } from "../../state/forum.ts";
import type { Content } from "../../state/messages.ts";
import type { World } from "../../state/world.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";

/**
 * The fields of a message in its topic. A group that is no forum has none, and ignores the parameter.
 * @param replied the thread of the message that this one answers
 * @throws Refusal (400) if there is no such topic, or it is closed
 */
export function threadOf(call: Call, record: ChatRecord, world: World, replied?: number): Content {
  const id = call.number("message_thread_id") ?? 0;
  const thread = placeOf(world, record, world.bot.id, { named: id > 0 ? id : undefined, replied });
  if ("fields" in thread) return thread.fields;
  throw badRequest(thread.refused === "closed" ? "TOPIC_CLOSED" : "Message thread not found");
}
