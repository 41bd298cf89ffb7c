/** What a server says at its start of a database that may lose updates. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { PostgresServer } from "../../postgres/postgres-server.ts";
import { Place } from "./database.ts";

const server = await PostgresServer.start(["fsync=on"]);
after(() => server[Symbol.asyncDispose]());

interface Case {
  readonly commit: string;
  readonly standbys: string;
  readonly warnings: readonly RegExp[];
  readonly info: readonly RegExp[];
}

const cases: readonly Case[] = [
  { commit: "on", standbys: "", warnings: [], info: [/no synchronous standby/] },
  { commit: "off", standbys: "", warnings: [/synchronous_commit is off/], info: [/no synchronous standby/] },
  { commit: "off", standbys: "db2", warnings: [/synchronous_commit is off/], info: [/no synchronous standby/] },
  {
    commit: "local",
    standbys: "db2",
    warnings: [/is local: a commit does not wait/],
    info: [/no synchronous standby/],
  },
];

describe("a start says once what a database may lose", () => {
  for (const { commit, standbys, warnings, info } of cases) {
    test(`synchronous_commit=${commit} and synchronous_standby_names='${standbys}'`, async (t) => {
      const place = new Place(t, server.address());
      await place.sql(`ALTER SYSTEM SET synchronous_commit = '${commit}'`);
      await place.sql(`ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`);
      await place.sql("SELECT pg_reload_conf()");
      const settings =
        "SELECT current_setting('synchronous_commit') || current_setting('synchronous_standby_names') AS all";
      await eventually(
        async () => (await place.sql<{ all: string }>(settings))[0]!.all === `${commit}${standbys}`,
        () => place.sql(settings),
      );
      const said = { info: [] as string[], warnings: [] as string[] };
      const log = {
        info: (_: object, message: string) => said.info.push(message),
        warn: (_: object, message: string) => said.warnings.push(message),
      };
      await place.open({ log });
      for (const [found, expected] of [
        [said.warnings, warnings],
        [said.info, info],
      ] as const) {
        assert.equal(found.length, expected.length, found.join());
        for (const [i, text] of found.entries()) assert.match(text, expected[i]!);
      }
    });
  }
});
