/** Ephemeral messages: https://core.telegram.org/bots/api#ephemeral-messages-and-commands */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

test("an ephemeral message is seen by one user, edited, and deleted", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team");
  const chat_id = group.id;
  const ephemeral_message_parameters = { receiver_user_id: ann.id };
  const { result: message } = await call("sendMessage", { chat_id, text: "psst", ephemeral_message_parameters });
  const { ephemeral_message_id } = message;
  assert.deepEqual(await group.messages(), []);
  const seen = await group.next("ephemeral");
  assert.deepEqual([seen.receiver_user_id, seen.message], [ann.id, message]);
  const at = { chat_id, receiver_user_id: ann.id, ephemeral_message_id };
  assert.equal((await call("editEphemeralMessageText", { ...at, text: "ssh" })).result, true);
  assert.equal((await group.next("ephemeral")).message.text, "ssh");
  assert.equal((await call("deleteEphemeralMessage", at)).result, true);
  const gone = await call("editEphemeralMessageText", { ...at, text: "x" });
  assert.equal(verdict(gone), "400 Bad Request: message to edit not found");
});
