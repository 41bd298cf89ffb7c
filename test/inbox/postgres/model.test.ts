/**
 * Any course of things: servers that share an inbox join, stop, die, are cut off and stand still, while updates arrive, begin and are
 * settled. All of it at random, in this process, with real inboxes and a real database; each server has a network of its own.
 *
 *   SEEDS=200 MODEL_SECONDS=30 npm test inbox/postgres/model      more, and longer
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sharedServer } from "../../postgres/shared-server.ts";
import { seeds } from "../../seeds.ts";
import { Model } from "./model.ts";

const SECONDS = Number(process.env.MODEL_SECONDS ?? 10);

const address = await sharedServer();

// They wait most of the time.
describe("servers that share an inbox, in any course of things", { concurrency: 8 }, () => {
  for (const seed of seeds()) {
    test(`every update is settled, in order, and none begins on two servers at once (seed ${seed})`, async (t) => {
      const model = await Model.start(t, address, seed);
      await model.run(1000 * SECONDS);
      await model.settle();
      const { violations, counts, moved } = model;
      assert.deepEqual(violations, []);
      t.diagnostic(`${JSON.stringify(counts)}, ${moved} shards moved`);
      assert.ok(counts.begun > 0 && counts.faults > 0);
    });
  }
});
