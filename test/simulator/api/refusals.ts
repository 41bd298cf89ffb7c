/** A bot in a private chat, a group, a supergroup and a channel, and its calls as verdicts. */

import { Simulator, type SimulatorOptions } from "../../../simulator/index.ts";
import { callerOf, verdict } from "../caller.ts";

export async function furnished(options: SimulatorOptions = {}) {
  const simulator = await Simulator.start(options);
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  const group = await simulator.group("Small", "group");
  const supergroup = await simulator.group("Large");
  const channel = await simulator.channel("News");
  for (const chat of [group, supergroup, channel]) await chat.promoteBot(ann);
  const call = callerOf(simulator);
  const upload = callerOf(simulator);
  return {
    simulator,
    ann,
    call,
    upload,
    chats: { private: ann.id, group: group.id, supergroup: supergroup.id, channel: channel.id },
    /** The answer to a call with these parameters, in the private chat unless they say otherwise: `ok`, or `400 …`. */
    refused: async (method: string, parameters: object = {}) =>
      reason(verdict(await call(method, { chat_id: ann.id, ...parameters }))),
    refusedUpload: async (method: string, parameters: object = {}) =>
      reason(verdict(await upload(method, { chat_id: ann.id, ...parameters }))),
  };
}

/** Without the beginning that all have. */
const reason = (text: string) => text.replace("400 Bad Request: ", "");
