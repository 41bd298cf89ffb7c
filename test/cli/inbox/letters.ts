/** Dead letters for the tests. */

import type { StoredDeadLetter } from "../../../src/inbox/dead-letters.ts";

export function letter(facts: Partial<Omit<StoredDeadLetter, "body">> & { update?: unknown } = {}): StoredDeadLetter {
  const {
    update_id = 501,
    update = { update_id, message: { message_id: 1, chat: { id: 7, type: "private" }, text: "x" } },
  } = facts;
  const { id = 1, attempts = 1, reason = "Error: no luck\n    at application (bot.ts:3:9)", log = "" } = facts;
  const { line = "chat:7" } = facts;
  const { received_at = Date.UTC(2026, 4, 1, 12), died_at = Date.UTC(2026, 4, 1, 12, 30, 59) } = facts;
  return { id, update_id, line, body: JSON.stringify(update), attempts, reason, log, received_at, died_at };
}
