/** `asgigram nodes`: prints the servers that share an inbox in a database. */

import { findDatabase, findInbox } from "../../config/inbox-path.ts";
import { isDatabaseAddress } from "../../protocol/database-address.ts";
import { ConfigError } from "../../protocol/errors.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { nodeTable } from "../inbox/node-table.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  const sources = sourcesOf(typed, context);
  const inbox = await findInbox(sources);
  if (!isDatabaseAddress(inbox)) {
    throw new ConfigError("asgigram nodes is for an inbox in a database: name its address with --inbox postgres://…");
  }
  const { bot, password } = await findDatabase(sources);
  const { listNodes } = await import("../../inbox/postgres/nodes.ts");
  const nodes = await listNodes(inbox, bot, { password });
  const { log } = context.console;
  if (typed.switches.has("json")) for (const node of nodes) log(JSON.stringify(node));
  else log(nodes.length === 0 ? "no server shares the inbox now" : nodeTable(nodes));
  return 0;
}
