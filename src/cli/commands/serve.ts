/** `asgigram serve`: serves a bot until a signal stops it. */

import { resolveConfig } from "../../config/config.ts";
import { giveOwnToken } from "../../config/own-token.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import type { ServingProcess } from "../serving-process.ts";

export async function run(typed: Typed, context: Context, serving: ServingProcess): Promise<number> {
  const stopping = serving.signalled();
  const config = await resolveConfig(sourcesOf(typed, context));
  giveOwnToken(context.env, context.cwd, config.token, config.exposeToken);
  const server = await serving.start(config, stopping);
  await server?.closed;
  return 0;
}
