/** Bots that the bot manages: https://core.telegram.org/bots/api#getmanagedbottoken to #setmanagedbotaccesssettings */

import type { ManagedBot } from "../../state/accounts.ts";
import { withoutProfile } from "../../state/messages.ts";
import type { Call } from "../call.ts";
import type { Handler, Telegram } from "../telegram.ts";

/** Characters of a token behind its colon. */
const SECRET = 35;

export const managedBotMethods: Record<string, Handler> = {
  getManagedBotToken: (call, telegram) => tokenOf(call, managedBy(call, telegram)),

  replaceManagedBotToken(call, telegram) {
    const bot = managedBy(call, telegram);
    bot.tokens++;
    return tokenOf(call, bot);
  },

  getManagedBotAccessSettings(call, telegram) {
    const { is_access_restricted, added_user_ids } = managedBy(call, telegram);
    if (!is_access_restricted) return { is_access_restricted };
    const people = added_user_ids.flatMap((id) => telegram.world.people.get(id)?.user ?? []);
    return { is_access_restricted, added_users: people.map(withoutProfile) };
  },

  setManagedBotAccessSettings(call, telegram) {
    const bot = managedBy(call, telegram);
    bot.is_access_restricted = call.boolean("is_access_restricted");
    bot.added_user_ids = (call.array("added_user_ids") ?? []).map(Number);
    return true;
  },
};

/** Every id is that of a managed bot: a test need not create it. */
function managedBy(call: Call, { world }: Telegram): ManagedBot {
  const { managed } = world.accounts;
  const id = call.number("user_id")!;
  const bot = managed.get(id) ?? { tokens: 1, is_access_restricted: false, added_user_ids: [] };
  managed.set(id, bot);
  return bot;
}

const tokenOf = (call: Call, { tokens }: ManagedBot) =>
  `${call.number("user_id")}:AAFSimulated${String(tokens).padStart(SECRET - "AAFSimulated".length, "0")}`;
