/** The server of `asgigram simulate` in a process of its own: it is killed, reloaded and started again, and nothing is lost. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CallRow, UpdateRow } from "../../../simulator/inspector/rows.ts";
import { Folder } from "../../folder.ts";
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

test("a killed server is started again, and every message is answered", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, command } = simulation;
  const ann = await client.user("ann");
  const before = simulation.server!.pid;
  const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`);
  for (const text of texts.slice(0, 10)) await ann.sendText(text);
  await client.perform("killServer", {});
  for (const text of texts.slice(10)) await ann.sendText(text);
  await simulation.serves(2);
  const answers = new Set<string | undefined>();
  while (!texts.every((text) => answers.has(`You said ${text}`))) {
    answers.add((await ann.nextMessage({ timeout: 150_000 })).text);
  }
  assert.notEqual(simulation.server!.pid, before);
  await command.says("the server was killed; it is started again");
  await command.says("the server serves again");
});

test("a killed worker is replaced, and the inspector shows the way of an update and its call", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, events } = simulation;
  await client.perform("killWorker", {});
  await assert.rejects(client.perform("killWorker", { worker: 7 }), /there is no worker 7 that is up/);
  const ann = await client.user("ann");
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage({ timeout: 150_000 })).text, "You said hello");
  const rows = () => events.of<{ updates: UpdateRow[]; calls: CallRow[] }>("rows");
  const update = await events.finds(() =>
    rows()
      .flatMap(({ updates }) => updates)
      .findLast((row) => row.outcome),
  );
  const { kind, line, worker, attempt, outcome } = update;
  assert.deepEqual(
    [kind, line, typeof worker, attempt, outcome],
    ["message", `chat:${ann.id}`, "number", 1, "settled"],
  );
  const call = await events.finds(() =>
    rows()
      .flatMap(({ calls }) => calls)
      .findLast((row) => row.whole !== undefined),
  );
  assert.deepEqual([call.method, call.update_id, call.attempt, call.status], ["sendMessage", update.update_id, 1, 200]);
});

test("a reload takes new code; code that does not start is told, and the old code goes on", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client } = simulation;
  const ann = await client.user("ann");
  folder.write("echo.mjs", "throw new Error('broken')");
  await assert.rejects(client.perform("reload", {}), /broken/);
  folder.write("echo.mjs", bot("You wrote"));
  await client.perform("reload", {});
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage({ timeout: 150_000 })).text, "You wrote hello");
  folder.write("echo.mjs", bot("You said"));
});

test("a server that ends by itself is told with its exit code, and can be started again", async () => {
  await using simulation = await Simulation.start(["-w", "1", "echo.mjs"], options);
  const { client, command, events } = simulation;
  const outage = await client.fail("getUpdates", { error_code: 401, description: "Unauthorized" });
  await events.finds(() => simulation.server?.phase === "ended");
  assert.equal(simulation.server?.exitCode, 4);
  await command.says("the server has ended with exit code 4; the page can start it again");
  await assert.rejects(client.perform("reload", {}), /the server is not serving: its process is ended/);
  await outage.stop();
  await client.perform("killServer", {});
  await simulation.serves(2);
});
