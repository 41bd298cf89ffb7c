import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { type LogLine, startBotHere } from "./bot.ts";

test("every log line names its instance and its update; SIGUSR2 changes the log level, in a circle", async () => {
  await using simulator = await Simulator.start();
  using folder = new Folder();
  const args = ["-w", "1", "--max-applications", "1", "--max-attempts", "1", "--inbox", folder.join("inbox.sqlite")];
  await using bot = await startBotHere("talkative", simulator, args);
  const ann = await simulator.user("ann");
  const bob = await simulator.user("bob");
  const about = (msg: string) => bot.logged((line) => line.msg.startsWith(msg));
  const placed = ({ worker, scope, update_id, kind }: LogLine) => ({ worker, scope, update_id, kind });
  let update_id = 0;
  /** Sends a message to the bot, and checks the fields of the lines that it leads to. @returns the line that begins with `msg` */
  const saying = async (text: string, msg: string) => {
    await ann.sendText(text);
    const printed = await bot.logged((line) => line.msg === `about to ${text}`);
    const line = await about(msg);
    assert.ok((printed.update_id as number) > update_id);
    update_id = printed.update_id as number;
    const place = { worker: 0, scope: `chat:${ann.chat.id}`, update_id, kind: "message" };
    assert.deepEqual([placed(printed), placed(line)], [place, place]);
    return line;
  };

  // After a death the worker goes on with chats that it has answered.
  await bob.sendText("be known");
  await bot.logged((line) => line.msg === "about to be known");

  const call = await saying("send nothing", "a call failed");
  assert.deepEqual([call.level, call.method, call.lane], ["info", "sendMessage", String(ann.chat.id)]);
  assert.match(call.error!, /^sendMessage: 400 /);
  await saying("send what is none", "send() refused an event: InvalidEventError");
  assert.match((await saying("throw", "the application threw; the event is now a dead letter")).error!, /no luck/);
  await saying("exit", "process.exit(7) was called");
  const condemned = await about("an event killed its worker too often");
  assert.deepEqual(placed(condemned), { worker: 0, scope: `chat:${ann.chat.id}`, update_id, kind: "message" });

  const turned = async (level: string) => {
    bot.process.signal("SIGUSR2");
    await about(`the log level is now ${level}`);
  };
  await turned("debug");
  await turned("trace");
  const succeeded = await saying("be traced", "a call succeeded");
  assert.deepEqual([succeeded.level, succeeded.method], ["trace", "sendMessage"]);
  await bob.sendText("take the only place");
  const dropped = await about("an instance is dropped: evicted");
  assert.deepEqual([dropped.level, dropped.scope], ["debug", `chat:${ann.chat.id}`]);
  await turned("info");
  assert.equal((await bot.end()).code, 0);
});
