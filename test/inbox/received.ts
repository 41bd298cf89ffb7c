/** Updates as intake hands them to the inbox. */

import type { ReceivedUpdate } from "../../src/inbox/inbox.ts";
import { addressOf } from "../../src/protocol/route.ts";

const BOT = { id: 99 };

export function received(update: { update_id: number }): ReceivedUpdate {
  const { kind, line, shard, chat } = addressOf({ ...update }, BOT, "chat");
  return { update_id: update.update_id, kind, line, shard, chat, body: JSON.stringify(update) };
}
