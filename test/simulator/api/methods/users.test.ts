import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

test("an emoji status is kept, and an unknown user refused", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  await call("setUserEmojiStatus", {
    user_id: ann.id,
    emoji_status_custom_emoji_id: "77",
    emoji_status_expiration_date: 9,
  });
  const chat = (await call("getChat", { chat_id: ann.id })).result;
  assert.deepEqual([chat.emoji_status_custom_emoji_id, chat.emoji_status_expiration_date], ["77", 9]);
  await call("setUserEmojiStatus", { user_id: ann.id });
  assert.equal((await call("getChat", { chat_id: ann.id })).result.emoji_status_custom_emoji_id, undefined);
  for (const method of ["setUserEmojiStatus", "getUserProfilePhotos"]) {
    assert.equal(verdict(await call(method, { user_id: 5 })), "400 Bad Request: user not found");
  }
});
