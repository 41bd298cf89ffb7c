import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { routeOf } from "../../src/protocol/route.ts";
import { SHARDS, shardOf, shardOfKey, shardOfLine } from "../../src/protocol/shard.ts";

const IDS = 100_000;
const SEED = 20_261;
const BOT = { id: 1 };

const id = () => fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

test("an id always has the same shard, between 0 and the number of shards", () => {
  fc.assert(
    fc.property(id(), fc.integer({ min: 1, max: 64 }), (id, shards) => {
      const shard = shardOf(id, shards);
      assert.ok(Number.isInteger(shard) && shard >= 0 && shard < shards, `shard ${shard}`);
      assert.equal(shardOf(id, shards), shard);
    }),
  );
});

test("a single shard has every id", () => {
  fc.assert(fc.property(id(), (id) => assert.equal(shardOf(id, 1), 0)));
});

test("a private chat and its user, with or without a business connection, have one shard", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 52 }), fc.integer({ min: 2, max: 64 }), (id, shards) => {
      const chat = { id, type: "private" };
      const routes = [
        routeOf("message", { chat }, BOT),
        routeOf("business_message", { chat, business_connection_id: "b" }, BOT),
        routeOf("inline_query", { from: { id } }, BOT),
        routeOf("poll_answer", { user: { id } }, BOT),
      ];
      assert.equal(new Set(routes.map((route) => shardOf(route.id, shards))).size, 1);
    }),
  );
});

test("the key of a line has the line's shard, whatever follows the ids", () => {
  const rest = fc.oneof(
    fc.constant(""),
    fc.string().map((id) => `/business:${id}`),
    fc.constant("/guest:x/member:5"),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("chat", "user"),
      id(),
      fc.option(id(), { nil: undefined }),
      rest,
      (kind, id, part, rest) => {
        const shard = shardOfLine(id, part);
        assert.ok(Number.isInteger(shard) && shard >= 0 && shard < SHARDS, `shard ${shard}`);
        for (const name of ["topic", "member"]) {
          const key = `${kind}:${id}${part === undefined ? "" : `/${name}:${part}`}${rest}`;
          assert.equal(shardOfKey(key), shard, key);
        }
        if (part === undefined) assert.equal(shard, shardOf(id, SHARDS));
      },
    ),
  );
});

const random = mulberry32(SEED);
const between = (least: number, most: number) => Math.floor(least + random() * (most - least));

const KINDS: Record<string, (i: number) => number> = {
  "random user ids": () => between(1, 8_000_000_000),
  "random group ids": () => -between(1, 5_000_000_000),
  "random supergroup ids": () => -1_000_000_000_000 - between(1, 4_000_000_000),
  "random supergroup ids, without the sign": () => 1_000_000_000_000 + between(1, 4_000_000_000),
  "consecutive user ids": (i) => 5_000_000_000 + i,
  "consecutive user ids around 2 ** 32": (i) => 2 ** 32 - IDS / 2 + i,
  "consecutive group ids": (i) => -4_000_000 - i,
  "consecutive supergroup ids": (i) => -1_002_000_000_000 - i,
};

for (const [kind, make] of Object.entries(KINDS)) {
  test(`${kind} spread evenly (within 3%) over 2, 3, 8 and 16 shards (seed ${SEED})`, () => {
    const ids = Array.from({ length: IDS }, (_, i) => make(i));
    for (const shards of [2, 3, 8, 16]) {
      const counts = new Array<number>(shards).fill(0);
      for (const id of ids) counts[shardOf(id, shards)]! += 1;
      const even = IDS / shards;
      for (const count of counts) {
        assert.ok(Math.abs(count - even) <= even * 0.03, `${shards} shards: ${counts} instead of ${even} each`);
      }
    }
  });
}

test("the members and the topics of one group spread over all shards", () => {
  const parts = { members: () => between(1, 8_000_000_000), topics: (i: number) => 2 + 3 * i };
  for (const [name, part] of Object.entries(parts)) {
    const counts = new Array<number>(SHARDS).fill(0);
    for (let i = 0; i < IDS; i++) counts[shardOfLine(-1_001_500_000_001, part(i))]! += 1;
    assert.ok(Math.min(...counts) > IDS / SHARDS / 2, `${name}: ${counts}`);
  }
});

test("four consecutive ids do not all have one shard", () => {
  for (let first = 1; first < 1000; first++) {
    const shards = new Set(Array.from({ length: 4 }, (_, i) => shardOf(first + i, 2)));
    assert.equal(shards.size, 2, `ids ${first} to ${first + 3}`);
  }
});

/** Pseudo-random numbers between 0 and 1; the same seed gives the same numbers. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
