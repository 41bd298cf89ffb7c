/** The bot is watched: what it does over HTTP, and the files that it sent. */

import type { RecordedCall } from "../../state/call-log.ts";
import { now } from "../../state/real-time.ts";
import type { ActionHandlers } from "../action-context.ts";
import { ActionError, DEFAULT_TIMEOUT } from "./actions.ts";

/** Milliseconds. */
const QUIET = 5;

export const watchingActions: ActionHandlers<"idle" | "advance" | "trace" | "download"> = {
  async idle({ timeout = DEFAULT_TIMEOUT, quiet = QUIET }, { activity, bots }) {
    const deadline = now() + timeout;
    const left = () => Math.max(0, deadline - now());
    const busy = (quiet: number) => activity.without("business", { timeout: left(), quiet, signal: bots.failure });
    // A bot can tell of an update only once it has it: what it has confirmed it has.
    let business = await busy(0);
    if (business === undefined) {
      const saysIdle = await bots.idle(left());
      business = saysIdle ? await busy(quiet) : "its method idle() has not resolved";
    }
    bots.throwIfFailed();
    return business === undefined ? {} : { business };
  },

  async advance({ seconds }, { activity, bots, clock }) {
    if (!(seconds >= 0)) throw new ActionError(`the clock cannot be set forward by ${seconds} s`);
    clock.advance(1000 * seconds);
    // Polls that have waited long enough are over now, and the bot asks again.
    await activity.without("traffic", { timeout: DEFAULT_TIMEOUT, quiet: QUIET, signal: bots.failure });
    return clock.now();
  },

  trace(_, context) {
    const { pending, excluded } = context.queue;
    const calls = context.callsSince.filter((call) => !isOrdinaryPoll(call));
    return { calls, pending, hasAsked: context.activity.hasAsked, excluded: [...excluded], url: context.url() };
  },

  download({ file_id }, { files }) {
    const file = files.get(file_id);
    const bytes = file && files.bytes(file.file_path);
    if (bytes === undefined) throw new ActionError(`there are no bytes of a file ${file_id}`);
    return { base64: Buffer.from(bytes).toString("base64") };
  },
};

/** A bot's own end may break off a poll. */
const isOrdinaryPoll = ({ method, status }: RecordedCall) =>
  method.toLowerCase() === "getupdates" && (status === undefined || status === 200 || status === 499);
