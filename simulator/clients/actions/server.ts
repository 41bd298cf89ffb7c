/** Actions on the server that runs the bot, a flood of messages, and details for the inspector. */

import type { BotServer } from "../../inspector/bot-server.ts";
import type { ActionContext, ActionHandlers } from "../action-context.ts";
import { ActionError } from "./actions.ts";

const MOST_PEOPLE = 10_000;
const HIGHEST_RATE = 10_000;
const LONGEST = 3600;

type ServerAction = "faults" | "inspect" | "killWorker" | "killServer" | "reload" | "flood" | "stopFlood";

export const serverActions: ActionHandlers<ServerAction> = {
  faults: (_, { faults }) => faults.active,

  inspect: (takes, { inspector }) => inspector.details(takes),

  killWorker: ({ worker = 0 }, context) => serverOf(context).killWorker(worker).then(done),

  killServer: (_, context) => serverOf(context).killServer().then(done),

  reload: (_, context) => serverOf(context).reload().then(done),

  flood(options, { flood }) {
    const { people, rate, seconds = 1 } = options;
    check("people", people, MOST_PEOPLE);
    check("rate", rate, HIGHEST_RATE);
    check("seconds", seconds, LONGEST);
    if (!Number.isInteger(people)) throw new ActionError(`people is a whole number, not ${people}`);
    return flood.start(options);
  },

  stopFlood: (_, { flood }) => flood.stop(),
};

const done = (): true => true;

function serverOf({ inspector: { server } }: ActionContext): BotServer {
  if (server === undefined) {
    throw new ActionError(
      "the simulator does not run this bot; asgigram simulate runs one that it can kill and reload",
    );
  }
  return server;
}

function check(name: string, value: number, most: number): void {
  if (!(value > 0 && value <= most)) throw new ActionError(`${name} is above 0 and at most ${most}, not ${value}`);
}
