/** Users connect the bot to their business accounts: https://core.telegram.org/bots/api#businessconnection */

import type { BusinessConnection } from "@grammyjs/types";
import { everyBusinessRight } from "../../state/business.ts";
import type { ActionHandlers } from "../action-context.ts";

export const businessActions: ActionHandlers<"connectBusiness"> = {
  connectBusiness({ user_id, rights = everyBusinessRight(), enabled = true, stars }, context) {
    const { world } = context;
    const person = context.person(user_id);
    const { user } = person;
    person.started = true;
    world.privateChat(person);
    const id = `business${user_id}`;
    const user_chat_id = user_id;
    const connection: BusinessConnection = { id, user, user_chat_id, date: world.date, rights, is_enabled: enabled };
    world.businessConnections.set(id, connection);
    if (stars !== undefined) world.accounts.stars.set(user_id, stars);
    context.push({ business_connection: connection });
    return connection;
  },
};
