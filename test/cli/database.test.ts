/** The command line with an inbox in a database: `inbox`, `nodes`, `check`, the start, and what each says of bad input. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { FORMAT } from "../../src/inbox/postgres/schema.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import type { JournalFact } from "../../src/protocol/recorded-call.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { updates } from "../inbox/contract.ts";
import { addDeadLetters } from "../inbox/dead-letter-file.ts";
import { Entries, turn } from "../inbox/entries.ts";
import { Place } from "../inbox/postgres/database.ts";
import { SECURED } from "../postgres/postgres-server.ts";
import { sharedServer } from "../postgres/shared-server.ts";
import { BotApiStandIn, TOKEN } from "./bot-api-stand-in.ts";
import { InProcess, runHere } from "./in-process.ts";

const address = await sharedServer();
const shown = address.replace(/\/\/.*@/, "//");
const PASSWORD = "the-pass:word";

/** A bot's inbox in the database, and the command line with its token. */
function bench(t: TestContext) {
  const place = new Place(t, address);
  const folder = new Folder();
  t.after(() => folder[Symbol.dispose]());
  const env = { ASGIGRAM_TOKEN: `${place.bot}:${"x".repeat(35)}`, ASGIGRAM_INBOX: address };
  const run = (...args: string[]) => runHere(args, { cwd: folder.path, env });
  const out = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    return stdout.trimEnd();
  };
  return { place, folder, env, run, out };
}

/** Makes dead letters of updates with these ids. */
async function deadLetters(place: Place, ...ids: number[]) {
  const { inbox, entries } = await place.start();
  await inbox.append(updates(...ids));
  await entries.until(ids.length);
  const call: JournalFact = {
    type: "called",
    seqs: [entries.seqs[0]!],
    call: { id: 1, method: "sendMessage", lane: "8", body: "hello" },
  };
  await inbox.record(turn({ journal: [call] }));
  const deadLettered = entries.all.map(({ seq, update_id }) => ({ seq, reason: `Error: ${update_id}`, log: "" }));
  await inbox.record(turn({ deadLettered }));
  await inbox.deadLetterUnreadable("[1]", "no id");
  return { inbox, entries };
}

describe("asgigram inbox with a database", () => {
  test("dead letters are listed, shown, retried and dropped, and a running server gets those that are retried", async (t) => {
    const { place, run, out } = bench(t);
    const { inbox, entries } = await deadLetters(place, 501, 502, 503);
    assert.match(await out("inbox", "list"), /^ID .*\n1 .*chat:7 .*Error: 501\n2 .*502\n3 .*503\n4 .*no id$/);
    assert.match(await out("inbox", "list", "--error", "error: 502"), /^ID .*\n2 .*$/);
    assert.equal(await out("inbox", "list", "--chat", "9"), `no such dead letters in ${shown}`);
    assert.match(await out("inbox", "show", "1"), /^Dead letter 1\n.*Error: 501/s);
    const missing = await run("inbox", "drop", "99");
    assert.deepEqual([missing.code, missing.stderr.includes("no dead letter 99")], [5, true]);
    assert.match(await out("inbox", "retry", "2", "1"), /^retried 2 dead letters/);
    await entries.until(5);
    assert.deepEqual(
      entries.all
        .slice(3)
        .map(({ update_id, origin, attempts, calls }) => [update_id, origin, attempts, calls?.length]),
      [
        [501, "retried", 0, 1],
        [502, "retried", 0, undefined],
      ],
    );
    assert.match(
      await out("inbox", "retry", "--all"),
      /^retried 1 dead letter.*\nleft 1 dead letter that can only be dropped/,
    );
    assert.equal(await out("inbox", "drop", "--all"), "dropped 1 dead letter");
    await inbox.close();
  });

  test("retry --fresh forgets the calls, and forget all that is stored of a chat", async (t) => {
    const { place, out } = bench(t);
    const { inbox, entries } = await deadLetters(place, 1);
    await out("inbox", "retry", "1", "--fresh");
    const [, event] = await entries.until(2);
    assert.equal(event!.calls, undefined);
    await inbox.append(updates(2, 3));
    const deadLettered = (await entries.until(4)).slice(2).map(({ seq }) => ({ seq, reason: "?", log: "" }));
    await inbox.record(turn({ deadLettered }));
    await inbox.append(updates(4));
    const { seq, line } = (await entries.until(5))[4]!;
    await inbox.record(turn({ settled: [seq], writes: [{ key: "7", json: "1", seq, line }] }));
    assert.match(await out("inbox", "forget", "7"), /^removed 1 update, 2 dead letters and 1 stored value of chat 7/);
    assert.deepEqual(await place.sql("SELECT seq FROM $call UNION ALL SELECT seq FROM $event"), []);
    assert.deepEqual(await place.sql("SELECT key FROM $stored_value"), []);
    assert.equal(await out("inbox", "forget", "7"), "nothing of chat 7 is stored");
  });

  test("an inbox's file is copied with all that it holds, and moved away", async (t) => {
    const { place, folder, run, out } = bench(t);
    const path = folder.join(`asgigram-${place.bot}.sqlite`);
    await addDeadLetters(path, place.bot, [1, 2]);
    const [file, before] = [new SqliteInbox(path, place.bot), new Entries()];
    await file.start(before);
    await file.append(updates(3, 4));
    const { seq } = before.all[0]!;
    file.record(turn({ begun: [{ seq, alone: false }], journal: [{ type: "saved", seqs: [seq], json: "7" }] }));
    file.record(turn({ writes: [{ key: "7", json: "{}", seq: undefined, line: undefined }] }));
    await file.close();
    const copied = await out("inbox", "copy", path, address);
    assert.equal(copied, `copied 2 unsettled updates and 2 dead letters to ${shown}; the file is now ${path}.copied`);
    assert.deepEqual([existsSync(path), existsSync(`${path}.copied`)], [false, true]);
    const { inbox, entries } = await place.start();
    assert.deepEqual(
      entries.all.map(({ update_id, attempts, saved }) => [update_id, attempts, saved]),
      [
        [3, 1, "7"],
        [4, 0, undefined],
      ],
    );
    assert.equal((await inbox.values(["7"])).get("7")?.json, "{}");
    assert.equal(await inbox.append(updates(1, 2, 3, 4, 5)), 1);
    await entries.until(3);
    assert.ok(entries.seqs[2]! > entries.seqs[1]!);
    assert.match(await out("inbox", "list"), /^ID .*\n1 .*\n2 /);
    const again = await run("inbox", "copy", `${path}.copied`, address);
    assert.match(again.stderr, /servers use the inbox in .*: stop them first/);
    await inbox.close();
    assert.match(
      (await run("inbox", "copy", `${path}.copied`, address)).stderr,
      /has updates already: only an empty one takes a copy; .* move the file away; if they may be lost, drop the schema asgigram_\d+/,
    );
  });

  test("a server that starts while a file is copied has no shard before the copy is complete", async (t) => {
    const { place, folder, out } = bench(t);
    const path = folder.join("bot.sqlite");
    const file = new SqliteInbox(path, place.bot);
    await file.append(updates(1));
    await file.close();
    await (await place.open()).close();
    const lock = await place.lock("seen");
    const copied = out("inbox", "copy", path, address);
    await place.awaited("seen");
    const started = place.start();
    await place.awaited("lease");
    await lock.release();
    await copied;
    const { entries } = await started;
    await entries.until(1);
    assert.equal(entries.all[0]!.update_id, 1);
  });

  test("the inbox of a database is copied back to a file with all that it holds, and its tables get another name", async (t) => {
    const { place, folder, run, out } = bench(t);
    const path = folder.join("back.sqlite");
    const { inbox, entries } = await deadLetters(place, 501, 502);
    await inbox.append(updates(503, 504));
    await entries.until(4);
    const [one, two] = entries.seqs.slice(2) as [number, number];
    const call = { id: 9, method: "sendMessage", lane: "8", body: "hello" };
    const saved = { type: "saved", seqs: [one], json: "7" } as const;
    const called = { type: "called", seqs: [one], call } as const;
    await inbox.record(turn({ begun: [{ seq: one, alone: false }], journal: [saved, called] }));
    await inbox.record(turn({ writes: [{ key: "k", json: "1", seq: undefined, line: undefined }] }));
    assert.match((await run("inbox", "copy", address, path)).stderr, /servers use the inbox in .*: stop them first/);
    assert.equal(existsSync(path), false);
    await inbox.close();
    const copied = await out("inbox", "copy", address, path);
    assert.ok(copied.startsWith(`copied 2 unsettled updates and 3 dead letters to ${path}; the tables in ${shown} `));
    assert.match(copied, new RegExp(`are now those of the schema ${place.schema}_copied_\\d+$`));
    const [file, after] = [new SqliteInbox(path, place.bot), new Entries()];
    t.after(() => file.close());
    await file.start(after);
    assert.deepEqual(
      after.all.map(({ seq, update_id, attempts, saved, calls }) => [seq, update_id, attempts, saved, calls?.length]),
      [
        [one, 503, 1, "7", 1],
        [two, 504, 0, undefined, undefined],
      ],
    );
    assert.deepEqual(
      [...(await file.values(["k"])).values()].map(({ json }) => json),
      ["1"],
    );
    assert.equal(await file.append(updates(501, 503, 504, 505)), 1);
    assert.ok((await after.until(3))[2]!.seq > two);
    assert.match(await out("inbox", "list", "--inbox", path), /^ID .*\n1 .*\n2 .*\n3 .*no id$/);
    await out("inbox", "retry", "1", "--inbox", path);
    assert.deepEqual(
      (await after.until(4))[3]!.calls?.map(({ method }) => method),
      ["sendMessage"],
    );
    assert.match((await run("inbox", "copy", address, path)).stderr, /is there already: name a file that is not/);
    assert.match((await run("inbox", "copy", address, `${path}2`)).stderr, /there is no inbox of the bot/);
  });

  test("migrate makes the tables, and grants a role their use, which may not make any", async (t) => {
    const { place, folder, env, out } = bench(t);
    const role = `role_${place.bot}`;
    await place.sql(`CREATE ROLE ${role} LOGIN; REVOKE CREATE ON DATABASE postgres FROM PUBLIC`);
    const own = { ...env, ASGIGRAM_INBOX: address.replace("postgres@", `${role}@`) };
    await assert.rejects(
      place.open({ address: own.ASGIGRAM_INBOX }),
      /grant the right, or run asgigram inbox migrate once/,
    );
    const check = async () => (await runHere(["check"], { cwd: folder.path, env: own })).stdout;
    assert.match(await check(), /the role may not make the tables; grant the right, or run asgigram inbox migrate/);
    assert.match(
      await out("inbox", "migrate", role),
      /has the tables of this version, and the role role_\d+ may use it$/,
    );
    const { inbox, entries } = await place.start({ address: own.ASGIGRAM_INBOX });
    await inbox.append(updates(1));
    await entries.until(1);
    const list = await runHere(["inbox", "list"], { cwd: folder.path, env: own });
    assert.equal(list.stdout, `no dead letters in ${shown}\n`);
    await inbox.close();
    assert.match(await check(), /which no server shares now/);
    await (await place.open({ address: own.ASGIGRAM_INBOX, line: "member" })).close();
    await place.sql(`UPDATE $meta SET format = ${FORMAT - 1}`);
    assert.match(await check(), /the role may not change the tables/);
  });

  test("wrong tasks are exit code 2", async (t) => {
    const { folder, run } = bench(t);
    for (const args of [
      ["copy", "a.sqlite"],
      ["copy", "a.sqlite", "b.sqlite"],
      ["copy", address, address],
      ["migrate", "a", "b"],
      ["migrate", "--inbox", folder.join("a.sqlite")],
    ]) {
      assert.equal((await run("inbox", ...args)).code, 2, args.join(" "));
    }
    const { stderr, code } = await runHere(["inbox", "list", "--inbox", address], { cwd: folder.path });
    assert.deepEqual([code, stderr.includes("cannot tell which bot's inbox")], [2, true]);
  });
});

describe("asgigram nodes and check", () => {
  test("the servers that share the inbox are shown with their shards", async (t) => {
    const { place, run, out } = bench(t);
    assert.match((await run("nodes")).stderr, /there is no inbox of the bot/);
    const { inbox } = await place.start({ name: "alpha", version: "1.2.3" });
    await inbox.append(updates(1, 2));
    await eventually(
      async () => (await out("nodes")).includes("  2  "),
      () => out("nodes"),
    );
    assert.match(
      await out("nodes"),
      /^NODE +STATE +SHARDS +UNSETTLED +UP +VERSION\nalpha +polls +256 +2 +\d+ s +1\.2\.3$/,
    );
    const { name, shards, polls, isAlive } = JSON.parse(await out("nodes", "--json"));
    assert.deepEqual({ name, shards, polls, isAlive }, { name: "alpha", shards: 256, polls: true, isAlive: true });
    await inbox.close();
    assert.equal(await out("nodes"), "no server shares the inbox now");
    assert.match((await run("nodes", "--inbox", "bot.sqlite")).stderr, /is for an inbox in a database/);
  });

  test("check says if the inbox is there and who uses it, and names settings that lose updates", async (t) => {
    const { place, folder, run } = bench(t);
    const lines = async () => (await run("check")).stdout.split("\n").filter((line) => line.includes("inbox"));
    assert.ok((await lines()).some((line) => line.includes(`${shown}, where its tables will be made`)));
    assert.ok(
      (await lines()).some((line) => line.includes("fsync is off")),
      "the server of the tests",
    );
    const { inbox } = await place.start();
    assert.ok(
      (await lines()).some((line) => line.includes("which 1 server uses now; the database has no synchronous")),
    );
    await inbox.close();
    await addDeadLetters(folder.join(`asgigram-${place.bot}.sqlite`), place.bot, [1]);
    assert.ok((await lines()).some((line) => line.includes("1 dead letters and 0 stored values: stop that server")));
  });
});

describe("a start with a database that cannot be used", () => {
  const cases: readonly (readonly [
    what: string,
    prepare: (place: Place) => Promise<unknown>,
    address: string,
    says: RegExp,
  ])[] = [
    ["is not there", async () => {}, "postgres://127.0.0.1:9/bots", /cannot be reached: .*is the database running/],
    [
      "has another name",
      async () => {},
      address.replace(/\w+$/, "nowhere"),
      /does not exist: .*"nowhere".*correct its name/,
    ],
    [
      "refuses the password",
      async (place) => {
        const make = `CREATE ROLE ${SECURED} LOGIN PASSWORD '${PASSWORD}'`;
        await place.sql(`DO $$ BEGIN ${make}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`).catch(() => {});
      },
      address.replace("postgres@", `${SECURED}:not-the-password@`),
      /refuses the log-in: .*check user and password/,
    ],
    [
      "has the schema of another bot",
      async (place) => {
        await (await place.open()).close();
        await place.sql("UPDATE $meta SET bot = 5");
      },
      address,
      /is the inbox of the bot 5, not of \d+/,
    ],
    [
      "has a format that is too new",
      async (place) => {
        await (await place.open()).close();
        await place.sql("UPDATE $meta SET format = 100");
      },
      address,
      /was made by a newer asgigram \(format 100.*update asgigram/,
    ],
  ];
  for (const [what, prepare, inbox, says] of cases) {
    test(`a database that ${what} is told so, without the password`, async (t) => {
      const { place, folder, env } = bench(t);
      await prepare(place);
      const { code, stderr } = await runHere(["nodes", "--inbox", inbox], { cwd: folder.path, env });
      assert.match(stderr, says);
      assert.equal(code, 5);
      assert.ok(!stderr.includes("not-the-password"));
    });
  }

  test("a database of an older format gets what it lacks at the start, and an older server goes on beside it", async (t) => {
    const { place } = bench(t);
    await (await place.open()).close();
    await place.sql("ALTER TABLE $node DROP COLUMN turn");
    await place.sql("UPDATE $meta SET format = 1");
    const { inbox, entries } = await place.start();
    await inbox.append(updates(1));
    await entries.until(1);
    await inbox.close();
    assert.deepEqual(await place.sql("SELECT format FROM $meta"), [{ format: FORMAT }]);
    await place.sql("INSERT INTO $node (id, name, version, until) VALUES ('old', 'old', '0.1.0', now())");
  });

  test("the password is read from a file at each connection", async (t) => {
    const { place, folder } = bench(t);
    await cases[2]![1](place);
    const passwordFile = folder.write("password", `${PASSWORD}\n`);
    const secured = address.replace("postgres@", `${SECURED}@`);
    await place.sql(`GRANT CREATE ON DATABASE postgres TO ${SECURED}`);
    const { inbox, entries } = await place.start({ address: secured, password: { file: passwordFile } });
    await inbox.append(updates(1));
    await entries.until(1);
    await inbox.close();
    folder.write("password", "another");
    await assert.rejects(place.open({ address: secured, password: { file: passwordFile } }), /refuses the log-in/);
  });

  test("a command that prints the password is run at each connection", async (t) => {
    const { place, folder, env } = bench(t);
    await cases[2]![1](place);
    await place.sql(`GRANT CREATE ON DATABASE postgres TO ${SECURED}`);
    folder.write("password", PASSWORD);
    const inbox = address.replace("postgres@", `${SECURED}@`);
    const command = 'echo asked >> asked; test "$PGUSER" = secured && cat password';
    const nodes = () =>
      runHere(["nodes", "--inbox", inbox, "--inbox-password-command", `cd ${folder.path}; ${command}`], {
        cwd: folder.path,
        env,
      });
    await (await place.open({ address: inbox, password: { command: `cd ${folder.path}; ${command}` } })).close();
    assert.deepEqual((await nodes()).code, 0);
    assert.equal(readFileSync(folder.join("asked"), "utf8"), "asked\n".repeat(2));
    folder.write("password", "another-word");
    const { code, stderr } = await nodes();
    assert.deepEqual([code, stderr.includes("another-word")], [5, false]);
    assert.match(stderr, /refuses the log-in: .*--inbox-password-command/);
  });

  test("TLS is spoken if the address says so, and the certificate is checked", async (t) => {
    const { place, folder } = bench(t);
    const [{ data_directory: data }] = (await place.sql("SHOW data_directory")) as [{ data_directory: string }];
    const ca = folder.write("ca.pem", readFileSync(join(data, "server.crt")));
    const isEncrypted = async (query: string, host = "127.0.0.1") => {
      const inbox = await place.open({ address: `${address.replace("127.0.0.1", host)}?${query}` });
      const rows = await place.sql<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE ssl AND application_name LIKE 'asgigram%'`,
      );
      await inbox.close();
      return rows[0]!.count > 0;
    };
    assert.equal(await isEncrypted("sslmode=disable"), false);
    assert.equal(await isEncrypted("sslmode=require"), true);
    for (const mode of ["verify-ca", "verify-full"]) {
      assert.equal(await isEncrypted(`sslmode=${mode}&sslrootcert=${ca}`), true);
      await assert.rejects(
        isEncrypted(`sslmode=${mode}`),
        /not trusted: .*; name the file of its authority with sslrootcert/,
      );
    }
    await assert.rejects(
      isEncrypted("sslmode=verify-full&sslrootcert=/nowhere/ca.pem"),
      /cannot be used: sslrootcert cannot be read: ENOENT/,
    );
    const noKey = folder.write("no-key.pem", "no key");
    await assert.rejects(
      isEncrypted(`sslmode=require&sslcert=${ca}&sslkey=${noKey}`),
      /cannot be used: .*; are the files that sslrootcert, sslcert and sslkey name PEM/,
    );
  });

  test("of several hosts the one that can be reached is found", async (t) => {
    const { place } = bench(t);
    const several = address.replace("127.0.0.1", "127.0.0.1:9,127.0.0.1");
    const { inbox, entries } = await place.start({ address: several });
    await inbox.append(updates(1));
    await entries.until(1);
    await inbox.close();
  });

  test("other servers with another --line are told apart; without any, the stored events are brought to the new one", async (t) => {
    const { place } = bench(t);
    const { inbox, entries } = await place.start();
    await inbox.append(updates(1));
    await entries.until(1);
    await assert.rejects(
      place.open({ line: "member" }),
      /with --line chat, this one has --line member: stop all of them/,
    );
    await inbox.close();
    const next = await place.start({ line: "member" });
    assert.equal(next.entries.all.length, 1);
    assert.deepEqual(
      (await place.sql("SELECT line FROM $meta")).map(({ line }) => line),
      ["member"],
    );
    await next.inbox.close();
  });
});

test("a server serves from the database, and refuses to leave the updates of its file behind", async (t) => {
  const { folder } = bench(t);
  await using api = await BotApiStandIn.start();
  const bot = Number(TOKEN.split(":")[0]);
  folder.write("package.json", '{ "type": "module" }');
  folder.write("bot.ts", "export const application = async () => {};");
  const env = { ASGIGRAM_TOKEN: TOKEN, ASGIGRAM_API_URL: api.url, ASGIGRAM_WORKERS: "1" };
  const inbox = address.replace("postgres@", "postgres:some-password@");
  const args = ["bot.ts", "--inbox", inbox, "--log-format", "json", "--listen", "127.0.0.1:0"];
  const path = folder.join(`asgigram-${bot}.sqlite`);
  await addDeadLetters(path, bot, [1]);
  const refused = await runHere(args, { cwd: folder.path, env });
  assert.equal(refused.code, 5);
  assert.match(
    refused.stderr,
    /holds 0 unsettled updates, 1 dead letters and 0 stored values: stop that server and run asgigram inbox copy/,
  );
  rmSync(path);
  const file = new SqliteInbox(path, bot);
  await file.start(new Entries());
  file.record(turn({ writes: [{ key: "8", json: "1", seq: undefined, line: undefined }] }));
  await file.close();
  assert.match(
    (await runHere(args, { cwd: folder.path, env })).stderr,
    /holds 0 unsettled updates, 0 dead letters and 1 stored values: .* or move the file away/,
  );
  rmSync(path);
  await using server = new InProcess(args, { cwd: folder.path, env: { ...env, ASGIGRAM_NODE_NAME: "one" } });
  await server.says("this server polls from now on");
  await server.says('"serving"');
  const { url } = JSON.parse(server.stderr.split("\n").find((line) => line.includes("listening"))!);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^asgigram_inbox_shards 256$/m);
  assert.match(metrics, /^asgigram_inbox_polls 1$/m);
  assert.match(metrics, /^asgigram_inbox_moves_total{cause="taken"} 256$/m);
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  const { stdout } = await runHere(["nodes", "--inbox", inbox], { cwd: folder.path, env });
  assert.match(stdout, /^one +polls +256 /m);
  server.signal("SIGTERM");
  assert.equal((await server.exit()).code, 0, server.stderr);
  assert.ok(!server.stderr.includes("some-password"));
  assert.ok(server.stderr.includes(shown));
});
