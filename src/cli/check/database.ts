/** Checks that an inbox in a database can be used, or made. Writes nothing to it. */

import type { DatabaseAccess } from "../../config/inbox-path.ts";
import { shownAddress } from "../../protocol/database-address.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** @param bot id of the bot, if it is known */
export async function checkDatabase(
  address: string,
  password: DatabaseAccess["password"],
  bot: number | undefined,
): Promise<Finding[]> {
  try {
    const { describeInbox } = await import("../../inbox/postgres/nodes.ts");
    const { nodes, isThere, weaknesses } = await describeInbox(address, bot, { password });
    const shown = shownAddress(address);
    const state = isThere ? `${shown}, which ${count(nodes)} now` : `${shown}, where its tables will be made`;
    return [ok("inbox", state), ...weaknesses.map((text) => warning("inbox", text))];
  } catch (error) {
    return [problem("inbox", error as Error)];
  }
}

function count(servers: number): string {
  if (servers === 0) return "no server shares";
  return servers === 1 ? "1 server uses" : `${servers} servers share`;
}
