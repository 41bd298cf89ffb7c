import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { startBotHere } from "./bot.ts";

const USERS = 20;

test("results of calls come back to the instance that made the call", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("results", simulator, ["--no-inbox", "--workers", "2"]);
  const users = await Promise.all(Array.from({ length: USERS }, (_, i) => simulator.user(`user${i}`)));
  await Promise.all(users.map((user, i) => user.sendText(`${i}`)));
  for (const [i, user] of users.entries()) {
    const { msg, scope } = await bot.logged(({ msg }) => msg.startsWith(`${i}: `));
    assert.deepEqual([msg, scope], [`${i}: mine`, `chat:${user.id}`]);
  }
  assert.equal((await bot.end()).code, 0);
});

test("a user who has blocked the bot is a 403 for that user's instance alone", async () => {
  await using simulator = await Simulator.start({
    // Holds the answers until all have sent their message and one of them has blocked the bot.
    intercept: async (call, respond) => {
      if (call.method.toLowerCase() === "sendmessage") await blocked.promise;
      return respond();
    },
  });
  const blocked = Promise.withResolvers<void>();
  await using bot = await startBotHere("results", simulator, ["--no-inbox", "--workers", "2"]);
  const [ann, ben] = await Promise.all([simulator.user("ann"), simulator.user("ben")]);
  await Promise.all([ann.sendText("from ann"), ben.sendText("from ben")]);
  await ben.block();
  blocked.resolve();
  assert.equal((await bot.logged(({ msg }) => msg.startsWith("from ann"))).msg, "from ann: mine");
  const { msg } = await bot.logged(({ msg }) => msg.startsWith("from ben"));
  assert.equal(msg, "from ben: sendMessage 403 Forbidden: bot was blocked by the user");
  assert.equal((await bot.end()).code, 0);
});
