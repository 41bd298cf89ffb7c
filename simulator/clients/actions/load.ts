/** A flood of messages. */

import type { ActionHandlers } from "../action-context.ts";
import { ActionError } from "./actions.ts";
import { send } from "./messages.ts";

/** Bounds, so that a slip of the hand does no harm. */
const MOST_PEOPLE = 10_000;
const HIGHEST_RATE = 5000;

export const loadActions: ActionHandlers<"flood" | "endFlood"> = {
  flood({ people, rate, seconds, text }, context) {
    if (!(people >= 1 && people <= MOST_PEOPLE)) throw new ActionError(`people must be from 1 to ${MOST_PEOPLE}`);
    if (!(rate > 0 && rate <= HIGHEST_RATE)) throw new ActionError(`rate must be above 0, up to ${HIGHEST_RATE}`);
    if (!(seconds > 0)) throw new ActionError("seconds must be above 0");
    const { world } = context;
    context.startFlood({ people, rate, seconds }, (person) => {
      const name = `Flood ${person + 1}`;
      const { user } = world.personByName(name) ?? world.createUser(name);
      return send({ user_id: user.id, content: { text } }, context).chat.id;
    });
    return true;
  },

  endFlood(_, context) {
    context.endFlood();
    return true;
  },
};
