/** `asgigram health`: prints whether a running server is healthy. */

import { findListenAddress, urlOf } from "../../config/listen-address.ts";
import { askHealth } from "../ask-health.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  const url = urlOf(await findListenAddress(sourcesOf(typed, context)));
  const { isGood, line } = await askHealth(url, { ready: typed.switches.has("ready") });
  context.console.log(line);
  return isGood ? 0 : 1;
}
