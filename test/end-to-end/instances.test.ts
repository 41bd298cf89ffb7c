import assert from "node:assert/strict";
import { test } from "node:test";
import { type SimulatedUser, Simulator } from "../../simulator/index.ts";
import { nextText, startBotHere } from "./bot.ts";

const say = async (user: SimulatedUser) => {
  await user.sendText("next");
  return await nextText(user);
};

test("beyond --max-applications the instance that has been idle longest ends, after telegram.disconnect", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("counter", simulator, [
    "--no-inbox",
    "--workers",
    "1",
    "--max-applications",
    "2",
  ]);
  const [ann, ben, cal] = [await simulator.user("ann"), await simulator.user("ben"), await simulator.user("cal")];
  assert.deepEqual([await say(ann), await say(ben), await say(ann)], ["hello 1", "hello 1", "hello 2"]);
  assert.equal(await say(cal), "hello 1");
  const { scope } = await bot.logged(({ msg }) => msg === "telegram.disconnect evicted after 1");
  assert.equal(scope, `chat:${ben.id}`);
  assert.deepEqual([await say(ann), await say(ben)], ["hello 3", "hello 1"]);
  assert.equal((await bot.end()).code, 0);
});

test("an instance that is idle for --idle-timeout ends, and the next event starts a new one", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("counter", simulator, ["--no-inbox", "--workers", "1", "--idle-timeout", "0.1"]);
  const ann = await simulator.user("ann");
  assert.equal(await say(ann), "hello 1");
  await bot.logged(({ msg }) => msg === "telegram.disconnect idle after 1");
  assert.equal(await say(ann), "hello 1");
  assert.equal((await bot.end()).code, 0);
});

test("each worker starts up before its first event, and shuts down after its last instance", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("counter", simulator, ["--no-inbox", "--workers", "2"]);
  const users = await Promise.all(Array.from({ length: 8 }, (_, i) => simulator.user(`user${i}`)));
  for (const user of users) assert.equal(await say(user), "hello 1");
  assert.equal((await bot.end()).code, 0);
  const seen = Map.groupBy(
    bot.log.filter(({ msg }) => /^(lifespan|telegram)\./.test(msg)),
    ({ worker }) => worker,
  );
  assert.deepEqual([...seen.keys()].toSorted(), [0, 1]);
  for (const lines of seen.values()) {
    const said = lines.map(({ msg }) => msg);
    assert.equal(said[0], "lifespan.startup");
    assert.equal(said.at(-1), "lifespan.shutdown");
    assert.ok(
      said.length > 2 && said.slice(1, -1).every((msg) => msg === "telegram.disconnect shutdown after 1"),
      said.join(),
    );
  }
  const disconnected = bot.log.filter(({ msg }) => msg.startsWith("telegram.disconnect"));
  assert.equal(disconnected.length, users.length);
});
