/** Lists of message ids (`Client::get_message_ids`). */

import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";

const MOST = 100;

/** @throws Refusal (400) */
export function checkMessageIds(call: Call): void {
  const ids = call.array("message_ids")!;
  if (ids.length > MOST) throw badRequest("Too many message identifiers specified");
  for (const id of ids) {
    if (typeof id !== "number" && typeof id !== "string") throw badRequest("Message identifier must be a Number");
    if (!/^-?\d+$/.test(String(id))) throw badRequest("Can't parse message identifier as a Number");
    if (Number(id) <= 0) throw badRequest("Invalid message identifier specified");
  }
  if (ids.length === 0) throw badRequest("Message identifiers are not specified");
}
