/** Dead letters in the file of an inbox that no server uses. */

import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { updates } from "./contract.ts";
import { Entries, turn } from "./entries.ts";

/** Receives messages of chat 7 with these update ids, and makes dead letters of them. Makes the file if it is not there. */
export async function addDeadLetters(
  path: string,
  bot: number,
  ids: readonly number[],
  reason: (update_id: number) => string = () => "no luck",
): Promise<void> {
  const [inbox, entries] = [new SqliteInbox(path, bot), new Entries()];
  const left = await inbox.start(entries);
  await inbox.append(updates(...ids));
  const letters = entries.all.slice(left).map(({ seq, update_id }) => ({ seq, reason: reason(update_id), log: "" }));
  inbox.record(turn({ deadLettered: letters }));
  await inbox.close();
}
