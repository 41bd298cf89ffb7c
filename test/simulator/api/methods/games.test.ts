/** Games: Bot API, setGameScore, getGameHighScores. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { GameHighScore } from "@grammyjs/types";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

test("scores are kept by message, rise unless forced, and show in the message", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const users = [];
  for (const name of ["ann", "bob", "cid", "dan", "eve", "fay", "gus"]) users.push(await simulator.user(name));
  const [ann, bob] = users;
  const group = await simulator.group("Team");
  const { message_id } = (await call("sendGame", { chat_id: group.id, game_short_name: "chess" })).result;
  const at = { chat_id: group.id, message_id };
  const score = async (user_id: number, score: number, more: object = {}) =>
    await call("setGameScore", { ...at, user_id, score, ...more });
  const { result: message } = await score(ann!.id, 10);
  assert.match(message.game.text, /ann/);
  assert.equal(verdict(await score(ann!.id, 9)), "400 Bad Request: BOT_SCORE_NOT_MODIFIED");
  assert.equal(verdict(await score(ann!.id, 9, { force: true })), "ok");
  for (const [place, user] of users.slice(1).entries())
    await score(user.id, 100 - place, { disable_edit_message: true });
  const { result: table } = await call("getGameHighScores", { ...at, user_id: ann!.id });
  assert.deepEqual(
    table.map(({ position, user, score }: GameHighScore) => [position, user.first_name, score]),
    [
      [1, "bob", 100],
      [2, "cid", 99],
      [3, "dan", 98],
      [5, "fay", 96],
      [6, "gus", 95],
      [7, "ann", 9],
    ],
  );
  const other = (await call("sendGame", { chat_id: group.id, game_short_name: "chess" })).result.message_id;
  assert.deepEqual((await call("getGameHighScores", { ...at, message_id: other, user_id: bob!.id })).result, []);
});
