/** The server of `asgigram simulate` in a process of its own: it is killed, reloaded and started again, and nothing is lost. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { UpdateTrace } from "../../../simulator/inspector/inspector.ts";
import type { NumberedCall } from "../../../simulator/inspector/snapshot.ts";
import { Folder } from "../../folder.ts";
import { runHere } from "../in-process.ts";
import { Simulation } from "./simulation.ts";

const folder = new Folder();
after(() => folder[Symbol.dispose]());

const bot = (word: string) => `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message") await send({ type: "telegram.send_message", text: "${word} " + event.text });
  }
};`;
folder.write("echo.mjs", bot("You said"));
const options = { cwd: folder.path };
/** Of an answer: milliseconds. */
const timeout = 150_000;

test("a killed server is started again, and every message is answered", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, command } = simulation;
  const ann = await client.user("ann");
  const before = (await simulation.server())!.pid;
  const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`);
  for (const text of texts.slice(0, 10)) await ann.sendText(text);
  await client.perform("killServer", {});
  for (const text of texts.slice(10)) await ann.sendText(text);
  const { pid } = await simulation.turns("serving", 2);
  const answers = new Set<string | undefined>();
  while (!texts.every((text) => answers.has(`You said ${text}`)))
    answers.add((await ann.nextMessage({ timeout })).text);
  assert.notEqual(pid, before);
  await command.says("the server was killed; it is started again");
  await command.says("the server serves again");
});

test("a killed worker is replaced, and the page is told the way of an update and its call", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, events } = simulation;
  await client.perform("killWorker", {});
  await assert.rejects(client.perform("killWorker", { worker: 7 }), /there is no worker 7 that is up/);
  const ann = await client.user("ann");
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage({ timeout })).text, "You said hello");
  const isSettled = ({ steps }: UpdateTrace) => steps.some(({ name }) => name === "settled");
  const { update_id, steps } = await events.finds(() => events.of<UpdateTrace>("update").find(isSettled));
  const factsOf = (name: string) => steps.find((step) => step.name === name)?.facts;
  assert.deepEqual(factsOf("received"), { line: `chat:${ann.id}` });
  assert.equal(factsOf("posted")?.attempt, 1);
  assert.match(`${factsOf("posted")?.waited}`, /^\d+ ms$/);
  const { method, origin } = await events.finds(() => events.of<NumberedCall>("call").find((call) => call.origin));
  assert.equal(method, "sendMessage");
  assert.deepEqual([origin?.update_id, origin?.attempt, typeof origin?.whole], [update_id, 1, "number"]);
});

test("a reload takes new code; code that does not start is told, and the old code goes on", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client } = simulation;
  const ann = await client.user("ann");
  folder.write("echo.mjs", "throw new Error('broken')");
  await assert.rejects(client.perform("reload", {}), /broken/);
  await ann.sendText("still there?");
  assert.equal((await ann.nextMessage({ timeout })).text, "You said still there?");
  folder.write("echo.mjs", bot("You wrote"));
  await client.perform("reload", {});
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage({ timeout })).text, "You wrote hello");
  folder.write("echo.mjs", bot("You said"));
});

test("a server that ends by itself is told with its exit code, and can be started again", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, command } = simulation;
  const outage = await client.fail("getUpdates", { error_code: 401, description: "Unauthorized" });
  assert.equal((await simulation.turns("ended", 1)).exitCode, 4);
  await command.says("the server has ended with exit code 4; the page can start it again");
  await assert.rejects(client.perform("reload", {}), /the server is not serving: its process is ended/);
  await outage.stop();
  await client.perform("killServer", {});
  await simulation.turns("serving", 2);
});

test("a server that is killed before it serves is not started again: the command ends with the signal's exit code", async () => {
  folder.write("kill.mjs", 'if (process.send !== undefined) process.kill(process.pid, "SIGKILL");');
  const env = { NODE_OPTIONS: "--import ./kill.mjs" };
  const { code } = await runHere(["simulate", "echo.mjs"], { ...options, env, isTerminal: true });
  assert.equal(code, 137);
});
