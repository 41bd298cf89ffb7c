import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Lease, type Picture, planFor, shareOf } from "../../../src/inbox/postgres/plan.ts";
import { POLLER } from "../../../src/inbox/postgres/schema.ts";
import { SHARDS } from "../../../src/protocol/shard.ts";
import { Random } from "../../faults/random.ts";
import { seeds } from "../../seeds.ts";

const node = (id: string, isAlive = true) => ({
  id,
  name: id,
  isAlive,
  isLeaving: false,
  unsettled: 0,
  demand: 0,
  rate: 0,
});
/** Leases of these owners in turn, and the poller's. */
const leases = (poller: string | null, ...owners: (string | null)[]): Lease[] =>
  Array.from({ length: SHARDS + 1 }, (_, i) => ({
    shard: i + POLLER,
    owner: i === 0 ? poller : owners[(i - 1) % owners.length]!,
    epoch: 1,
  }));
const shards = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("the plan of a server", () => {
  test("a server that is alone takes all, the poller's lease included", () => {
    const plan = planFor("a", { nodes: [node("a")], leases: leases(null, null) }, false);
    assert.deepEqual(plan, { dead: [], claim: [POLLER, ...shards(0, SHARDS)], release: [] });
  });

  test("servers that share free shards take different ones, to their share", () => {
    const picture = { nodes: [node("b"), node("a"), node("c")], leases: leases("a", null) };
    const claims = ["a", "b", "c"].map((id) => planFor(id, picture, true).claim);
    assert.deepEqual(claims, [shards(0, 86), shards(86, 172), shards(172, SHARDS)]);
  });

  test("a server that has more than its share lets the surplus go, and no more", () => {
    const picture = { nodes: [node("a"), node("b")], leases: leases("a", "a") };
    assert.equal(planFor("a", picture, true).release.length, SHARDS / 2);
    assert.deepEqual(planFor("b", picture, true), { dead: [], claim: [], release: [] });
  });

  test("leases of a server whose row is late are taken by one that is steady, and by no other", () => {
    const picture = { nodes: [node("a"), node("b", false)], leases: leases("b", "a", "b") };
    const plan = planFor("a", picture, true);
    assert.deepEqual(plan.dead, ["b"]);
    assert.equal(plan.claim.length, SHARDS / 2 + 1);
    assert.deepEqual(planFor("a", picture, false), { dead: [], claim: [], release: [] });
  });

  test("a server that is late itself declares nobody dead on that account, and keeps its own", () => {
    const picture = { nodes: [node("a", false)], leases: leases("a", "a") };
    assert.deepEqual(planFor("a", picture, false), { dead: [], claim: [], release: [] });
  });

  test("a server that is about to stop takes nothing, and the others share all", () => {
    const leaving = { ...node("a"), isLeaving: true };
    const picture = { nodes: [leaving, node("b"), node("c")], leases: leases(null, null) };
    assert.deepEqual(planFor("a", picture, true).claim, []);
    assert.equal(planFor("b", picture, true).claim.length, SHARDS / 2 + 1);
  });

  test("leases of an owner without a row are free", () => {
    assert.equal(planFor("a", { nodes: [node("a")], leases: leases("gone", "gone") }, false).claim.length, SHARDS + 1);
  });
});

/** The database, as far as leases go. */
class Leases {
  readonly rows = leases(null, null).map((lease) => ({ ...lease }));
  nodes: ReturnType<typeof node>[] = [];

  get picture(): Picture {
    return { nodes: [...this.nodes], leases: this.rows.map((row) => ({ ...row })) };
  }

  carryOut(id: string, { dead, claim, release }: ReturnType<typeof planFor>): number {
    this.nodes = this.nodes.filter((one) => !dead.includes(one.id));
    const isFree = (owner: string | null) => owner === null || !this.nodes.some((one) => one.id === owner);
    let moves = 0;
    for (const row of this.rows) {
      if (release.includes(row.shard) && row.owner === id) row.owner = null;
      if (!claim.includes(row.shard) || !isFree(row.owner)) continue;
      row.owner = id;
      row.epoch += 1;
      moves += 1;
    }
    return moves;
  }
}

for (const seed of seeds()) {
  test(`fifty servers that join, die and come back end with equal shares, and nothing moves then (seed ${seed})`, () => {
    const random = new Random(seed);
    const database = new Leases();
    let born = 0;
    /** Each server acts on a picture of its own time, which may be old. */
    const round = () => {
      let moves = 0;
      const pictures = database.nodes.filter(({ isAlive }) => isAlive).map(({ id }) => [id, database.picture] as const);
      for (const [id, picture] of pictures) moves += database.carryOut(id, planFor(id, picture, true));
      return moves;
    };
    for (let i = 0; i < 50; i++) database.nodes.push(node(`n${++born}`));
    for (let i = 0; i < 200; i++) {
      const living = database.nodes.filter(({ isAlive }) => isAlive);
      if (random.chance(0.3) && living.length > 1) random.pick(living).isAlive = false;
      if (random.chance(0.3)) database.nodes.push(node(`n${++born}`));
      round();
    }
    let rounds = 0;
    while (round() > 0) rounds += 1;
    assert.ok(rounds <= 4, `${rounds} rounds`);
    const share = shareOf(database.nodes.length);
    const counts = Map.groupBy(database.rows.slice(1), ({ owner }) => owner);
    assert.ok([...counts].every(([owner, list]) => owner !== null && list.length <= share));
    assert.ok(
      database.nodes.some(({ id }) => id === database.rows[0]!.owner),
      "somebody polls",
    );
  });
}
