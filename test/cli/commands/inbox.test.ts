import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Simulator } from "../../../simulator/index.ts";
import { nextMessage } from "../../end-to-end/bot.ts";
import { eventually } from "../../eventually.ts";
import { addDeadLetters } from "../../inbox/dead-letter-file.ts";
import { Asgigram } from "../asgigram.ts";
import { runHere } from "../in-process.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-inbox-"));
after(() => rm(folder, { recursive: true }));

/** An application that throws at its first message and answers the others. */
const APPLICATION = `let heard = 0;
  export const application = async (scope, receive, send) => {
    for (;;) {
      const { type, text } = await receive();
      if (type !== "telegram.message") return;
      if (++heard === 1) throw new Error("no luck");
      await send({ type: "telegram.send_message", text: "You said " + text });
    }
  };`;
await writeFile(join(folder, "bot.mjs"), APPLICATION);
await writeFile(join(folder, "text"), "not a database".repeat(100));

/** Makes an inbox with dead letters. @returns its path */
async function inbox(name: string, letters: number, reason = "Error: no luck\n    at bot.ts:3"): Promise<string> {
  const path = join(folder, name);
  const ids = Array.from({ length: letters }, (_, i) => i + 1);
  await addDeadLetters(path, 77, ids, () => reason);
  return path;
}

test("dead letters of a stopped server are listed, shown, retried and dropped", async () => {
  await inbox("asgigram-77.sqlite", 3);
  const asgigram = async (...args: string[]) => {
    const { code, stdout, stderr } = await runHere(["inbox", ...args], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    return stdout;
  };
  assert.match(await asgigram("list"), /^ID +DIED .*\n(\d .* chat:7 .* Error: no luck\n){3}$/);
  assert.match(await asgigram("show", "2"), /^Dead letter 2\n.*at bot\.ts:3/s);
  assert.match(await asgigram("retry", "2"), /^retried 1 dead letter/);
  assert.match(await asgigram("drop", "--all"), /^dropped 2 dead letters\n$/);
  assert.match(await asgigram("list"), /^no dead letters in .*asgigram-77\.sqlite\n$/);
  assert.equal(await asgigram("list", "--json"), "");
});

test("filters choose the dead letters that are listed, retried and dropped", async () => {
  const path = await inbox("filtered.sqlite", 3, "Error: connect ECONNREFUSED\n    at bot.ts:3");
  const asgigram = async (...args: string[]) => {
    const { code, stdout, stderr } = await runHere(["inbox", ...args, "--inbox", path], { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(await asgigram("list", "--error", "econn", "--chat", "7", "--since", "1h"), /^ID .*\n(\d .*\n){3}$/);
  for (const none of [
    ["--error", "luck"],
    ["--chat", "8"],
    ["--since", "2100-01-01"],
  ]) {
    for (const action of ["list", "retry", "drop"]) {
      assert.doesNotMatch(await asgigram(action, ...none), /^ID|(retried|dropped) [1-9]/, `${action} ${none}`);
    }
  }
  assert.match(await asgigram("retry", "--error", "ECONNREFUSED"), /^retried 3 dead letters/);
  await addDeadLetters(path, 77, [4, 5], () => "Error: no luck");
  assert.match(await asgigram("drop", "--since", "1h", "--chat=7"), /^dropped 2 dead letters\n$/);
});

test("a dead letter that is retried beside a running server is delivered again and removed", async () => {
  await using simulator = await Simulator.start();
  const env = { ASGIGRAM_TOKEN: simulator.token, ASGIGRAM_API_URL: simulator.url, ASGIGRAM_INBOX: "running.sqlite" };
  await using server = new Asgigram(["bot.mjs", "-w", "1"], { cwd: folder, env });
  await server.says("serving");
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  await server.says("the event is now a dead letter");

  const asgigram = (...args: string[]) => runHere(["inbox", ...args], { cwd: folder, env });
  // The log line comes a moment before the dead letter is in the file.
  const listed = await eventually(
    async () => (await asgigram("list", "--json")).stdout,
    () => asgigram("list", "--json"),
  );
  const letter = JSON.parse(listed);
  assert.match(letter.reason, /^Error: no luck\n/);
  assert.equal(letter.update.message.text, "hello");
  assert.equal((await asgigram("retry", String(letter.id))).code, 0);

  assert.equal((await nextMessage(ann)).text, "You said hello");
  assert.match((await asgigram("list")).stdout, /^no dead letters/);
  server.process.kill();
  assert.equal((await server.exit()).code, 0);
});

test("a reader that closes the pipe early is no error", async () => {
  const path = await inbox("many.sqlite", 2000, "x".repeat(100));
  const bin = fileURLToPath(new URL("../../../src/cli/bin.ts", import.meta.url));
  const reader = spawn(process.execPath, [bin, "inbox", "list", "--json", "--inbox", path], { cwd: folder });
  let stderr = "";
  reader.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  await once(reader.stdout, "data");
  reader.stdout.destroy();
  const [code] = await once(reader, "close");
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("inbox --help fits 80 columns and names the actions", async () => {
  const { code, stdout } = await runHere(["inbox", "--help"]);
  assert.equal(code, 0);
  assert(stdout.split("\n").every((line) => line.length <= 80));
  for (const action of ["list", "show ID", "retry ID", "drop ID", "forget CHAT"])
    assert(stdout.includes(action), action);
});

const WRONG: { [what: string]: { args: string; says: RegExp; exits: number } } = {
  "no action": {
    args: "",
    says: /needs an action: list, show ID, retry ID, drop ID, forget CHAT, migrate and copy FROM TO/,
    exits: 2,
  },
  "an unknown action": { args: "retri 3", says: /has no action "retri"; did you mean retry\?/, exits: 2 },
  "an ID that is no number": { args: "show three", says: /"three" is not an ID/, exits: 2 },
  "neither ID nor --all": { args: "retry", says: /retry needs the ID of a dead letter, or --all/, exits: 2 },
  "ID and --all": { args: "drop 3 --all", says: /drop takes IDs or --all, not both/, exits: 2 },
  "an unknown option": { args: "list --jsn", says: /unknown option --jsn; did you mean --json\?/, exits: 2 },
  "no inbox at all": { args: "list --no-inbox", says: /--inbox is off, so there is no inbox/, exits: 2 },
  "a missing dead letter": {
    args: "show 9 --inbox few.sqlite",
    says: /there is no dead letter 9 in .*few/,
    exits: 5,
  },
  "a missing file": { args: "list --inbox no.sqlite", says: /there is no inbox .*no\.sqlite/, exits: 5 },
  "a file that is no inbox": { args: "list --inbox text", says: /text could not be opened: .*no inbox/, exits: 5 },
};
await inbox("few.sqlite", 1);

for (const [what, { args, says, exits }] of Object.entries(WRONG)) {
  test(`${what} is one line with the remedy and exit code ${exits}`, async () => {
    const { code, stdout, stderr } = await runHere(["inbox", ...args.split(" ").filter(Boolean)], { cwd: folder });
    assert.match(stderr, /^asgigram: .+\n$/);
    assert.match(stderr, says);
    assert.equal(stdout, "");
    assert.equal(code, exits);
  });
}
