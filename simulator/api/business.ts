/** The business account that a call is about: https://core.telegram.org/bots/api#businessconnection */

import type { BusinessConnection } from "@grammyjs/types";
import type { Call } from "./call.ts";
import { badRequest } from "./refusal.ts";
import type { Telegram } from "./telegram.ts";

/** @throws Refusal (400) for an unknown connection (Client.cpp, `check_business_connection`) */
export function connectionOf(call: Call, { world }: Pick<Telegram, "world">): BusinessConnection {
  const connection = world.businessConnections.get(call.string("business_connection_id")!);
  if (connection === undefined) throw badRequest("business connection not found");
  return connection;
}

/** @throws Refusal (400) if the account's owner has not given the bot the right */
export function requireBusinessRight(call: Call, telegram: Pick<Telegram, "world">, right: string): void {
  const { is_enabled, rights } = connectionOf(call, telegram);
  if (!is_enabled) throw badRequest("BUSINESS_CONNECTION_INVALID");
  if ((rights as Record<string, unknown> | undefined)?.[right] !== true) throw badRequest("BOT_ACCESS_FORBIDDEN");
}
