/** Checks that an inbox in a database can be used, or made. Writes nothing to it. */

import type { DatabaseAccess } from "../../config/inbox-path.ts";
import { refuseForgottenFile } from "../../open-inbox.ts";
import { shownAddress } from "../../protocol/database-address.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/**
 * @param bot id of the bot, if it is known
 * @param file the bot's inbox without a database, if its path is known
 */
export async function checkDatabase(
  address: string,
  password: DatabaseAccess["password"],
  bot: number | undefined,
  file: string | undefined,
): Promise<Finding[]> {
  try {
    const { describeInbox } = await import("../../inbox/postgres/nodes.ts");
    const { nodes, isThere, weaknesses, hasStandby } = await describeInbox(address, bot, { password });
    if (file !== undefined) refuseForgottenFile(file, address);
    const shown = shownAddress(address);
    const state = isThere ? `${shown}, which ${count(nodes)} now` : `${shown}, where its tables will be made`;
    const standby = hasStandby ? "" : "; the database has no synchronous standby";
    return [ok("inbox", `${state}${standby}`), ...weaknesses.map((text) => warning("inbox", text))];
  } catch (error) {
    return [problem("inbox", error as Error)];
  }
}

function count(servers: number): string {
  if (servers === 0) return "no server shares";
  return servers === 1 ? "1 server uses" : `${servers} servers share`;
}
