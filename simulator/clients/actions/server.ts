/** Actions on the server that runs the bot. */

import type { BotServer } from "../../inspector/bot-server.ts";
import type { ActionContext, ActionHandlers } from "../action-context.ts";
import { ActionError } from "./actions.ts";

export const serverActions: ActionHandlers<"killWorker" | "killServer" | "reload"> = {
  killWorker: ({ worker = 0 }, context) => serverOf(context).killWorker(worker).then(done),

  killServer: (_, context) => serverOf(context).killServer().then(done),

  reload: (_, context) => serverOf(context).reload().then(done),
};

const done = (): true => true;

function serverOf({ server }: ActionContext): BotServer {
  if (server !== undefined) return server;
  throw new ActionError("the simulator does not run this bot; asgigram simulate runs one that it can kill and reload");
}
