import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readRecording } from "../../../simulator/index.ts";
import { Folder } from "../../folder.ts";
import { Asgigram } from "../asgigram.ts";
import { InProcess, runHere } from "../in-process.ts";

const LISTEN = ["simulator", "--listen", "127.0.0.1:0"];

/** The URL that the command prints. */
const urlOf = (command: InProcess | Asgigram) =>
  command.finds(() => /http:\S+(?=\.)/.exec(command.stdout)?.[0], "its URL");

const post = async (url: string, body: object) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the result of any call
  return (await response.json()) as any;
};

test("a bot of any token talks with a user of its own world", async () => {
  await using command = new InProcess(LISTEN);
  const url = await urlOf(command);
  for (const token of ["1:a", "2:b"]) {
    const { result: ann } = await post(`${url}/simulator/bot${token}/user`, { name: "ann" });
    await post(`${url}/simulator/bot${token}/send`, { user_id: ann.id, content: { text: "hi" } });
    const { result: updates } = await post(`${url}/bot${token}/getUpdates`, {});
    assert.equal(updates.length, 1);
    await post(`${url}/bot${token}/sendMessage`, { chat_id: ann.id, text: `I am ${token}` });
    const { result } = await post(`${url}/simulator/bot${token}/next`, { chat_id: ann.id });
    assert.equal(result.message.text, `I am ${token}`);
  }
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test("--allow-host names the hosts of the users' side", async () => {
  await using command = new InProcess([...LISTEN, "--allow-host", "one,two"]);
  const { port } = new URL(await urlOf(command));
  const { requestRaw } = await import("../../raw-request.ts");
  const url = `http://127.0.0.1:${port}/simulator/bots`;
  for (const [host, status] of [
    ["one", 200],
    ["two:1", 200],
    ["three", 403],
  ] as const) {
    assert.equal((await requestRaw(url, { headers: { host } })).status, status);
  }
});

test("--record saves the run when the command ends", async () => {
  using folder = new Folder();
  const path = folder.join("run.json");
  {
    await using command = new InProcess([...LISTEN, "--record", path]);
    await post(`${await urlOf(command)}/simulator/bot1:a/user`, { name: "ann" });
  }
  const { entries } = await readRecording(path);
  assert.deepEqual(
    entries.map((entry) => "act" in entry && entry.takes),
    [{ name: "ann" }],
  );
});

test("--limits refuses a burst", async () => {
  await using command = new InProcess([...LISTEN, "--limits"]);
  const url = await urlOf(command);
  const { result: ann } = await post(`${url}/simulator/bot1:a/user`, { name: "ann" });
  await post(`${url}/simulator/bot1:a/send`, { user_id: ann.id, content: { text: "hi" } });
  const send = () => post(`${url}/bot1:a/sendMessage`, { chat_id: ann.id, text: "hello" });
  const replies = await Promise.all(Array.from({ length: 40 }, send));
  assert.ok(replies.some(({ error_code }) => error_code === 429));
});

test("SIGTERM ends it at once, also while a bot waits for updates and a test for events", async () => {
  await using command = new Asgigram(LISTEN);
  const url = await urlOf(command);
  const stream = await fetch(`${url}/simulator/bot1:a/stream`);
  const poll = post(`${url}/bot1:a/getUpdates`, { timeout: 50 }).catch(() => "closed");
  while ((await post(`${url}/simulator/bot1:a/calls`, {})).result.length === 0);
  command.signal("SIGTERM");
  const { code, stderr } = await command.exit();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(await poll, "closed");
  await stream.body?.cancel().catch(() => {});
});

test("a port in use, a foreign address and a wrong one are reported with the remedy", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const inUse = await runHere(["simulator", "--listen", `127.0.0.1:${port}`]);
  other.close();
  assert.equal(inUse.code, 6);
  assert.match(inUse.stderr, /something listens there already; stop that, or choose another --listen/);
  const foreign = await runHere(["simulator", "--listen", "192.0.2.1:8081"]);
  assert.deepEqual([foreign.code, /no interface of this machine/.test(foreign.stderr)], [6, true]);
  for (const args of [["--listen", "here"], ["--listen"], ["--listen", "off"], ["--allow-host"], ["bot.ts"]]) {
    const { code, stderr } = await runHere(["simulator", ...args]);
    assert.equal(code, 2, `${args}`);
    assert.match(stderr, /^asgigram: (--listen (is "|needs a value)|--allow-host needs a value|too many arguments)/);
  }
});
