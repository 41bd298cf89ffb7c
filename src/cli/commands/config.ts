/** `asgigram config`: prints every setting and its source. */

import { resolveSettings } from "../../config/settings.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { showConfig } from "../show-config.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  context.console.log(showConfig(await resolveSettings(sourcesOf(typed, context)), typed.switches.has("json")));
  return 0;
}
