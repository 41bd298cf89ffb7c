/** Arrays and settings, as the database takes them. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import pg from "pg";
import { binaryArray, columnsOf } from "../../../src/inbox/postgres/binary-array.ts";
import { type PgClient, pgText } from "../../../src/inbox/postgres/pg.ts";
import { preferIndexes } from "../../../src/inbox/postgres/prefer-indexes.ts";
import { anyText } from "../../any-text.ts";
import { sharedServer } from "../../postgres/shared-server.ts";

const address = await sharedServer();

describe("an array in binary form", () => {
  const client = new pg.Client(address);
  before(() => client.connect());
  after(() => client.end());

  const orNull = <T>(value: fc.Arbitrary<T>) => fc.array(fc.option(value, { nil: null }));

  test("the database has the same texts, numbers, booleans and nulls", async () => {
    const any = fc.record({
      text: orNull(anyText().map(pgText)),
      bigint: orNull(fc.maxSafeInteger()),
      integer: orNull(fc.integer()),
      boolean: orNull(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ text, bigint, integer, boolean }) => {
        const { rows } = await client.query({
          text: "SELECT to_json($1::text[]) t, to_json($2::bigint[]) b, to_json($3::integer[]) i, to_json($4::boolean[]) o",
          values: [
            binaryArray("text", text),
            binaryArray("bigint", bigint),
            binaryArray("integer", integer),
            binaryArray("boolean", boolean),
          ],
        });
        assert.deepEqual(rows, [{ t: text, b: bigint, i: integer, o: boolean }]);
      }),
      { numRuns: 50 },
    );
  });

  test("rows become an array for each column", async () => {
    const rows = [
      { seq: 1, body: "one", more: "not asked for" },
      { seq: -(2 ** 40), body: null, more: "" },
    ];
    const values = columnsOf(rows, { body: "text", seq: "bigint" });
    const found = await client.query({
      text: "SELECT * FROM unnest($1::text[], $2::bigint[]) AS r(body, seq)",
      values,
    });
    assert.deepEqual(found.rows, [
      { body: "one", seq: "1" },
      { body: null, seq: `${-(2 ** 40)}` },
    ]);
  });
});

test("indexes are preferred on a connection of one's own, and nothing is set behind a pooler", async () => {
  const client = new pg.Client(address);
  await client.connect();
  const setting = async () => (await client.query("SHOW enable_seqscan")).rows[0].enable_seqscan;
  const pooled = { processID: 1, query: client.query.bind(client) } as unknown as PgClient;
  await preferIndexes(pooled);
  assert.equal(await setting(), "on");
  await preferIndexes(client as unknown as PgClient);
  assert.equal(await setting(), "off");
  await client.end();
});
