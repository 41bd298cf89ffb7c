import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { HighWater } from "../../src/dispatch/high-water.ts";
import { isSettled } from "../settled.ts";

/** A mark, and a level that the test sets. */
class Water {
  level = 0;
  readonly mark = new HighWater(() => this.level);

  set(level: number): void {
    const isLower = level < this.level;
    this.level = level;
    if (isLower) this.mark.fallen();
  }
}

const { signal: never } = new AbortController();

describe("the high-water mark", () => {
  test("there is room below the mark", async () => {
    const water = new Water();
    water.set(0.999);
    await water.mark.room(never);
    assert.equal(water.mark.since, undefined);
  });

  test("the mark is reached when room is asked for; then there is none until half of it is left, for every caller", async () => {
    const water = new Water();
    water.set(1);
    const rooms = [water.mark.room(never), water.mark.room(never)];
    assert.ok(water.mark.since! <= Date.now());
    water.set(0.501);
    for (const room of [...rooms, water.mark.room(never)]) assert.equal(await isSettled(room), false);
    water.set(0.5);
    await Promise.all(rooms);
    assert.equal(water.mark.since, undefined);
  });

  test("the level may rise and fall without a caller", async () => {
    const water = new Water();
    for (const level of [1, 0.7]) water.set(level);
    await water.mark.room(never);
  });

  test("the mark can be reached again", async () => {
    const water = new Water();
    for (let i = 0; i < 3; i++) {
      water.set(2);
      const room = water.mark.room(never);
      assert.equal(await isSettled(room), false);
      water.set(0);
      await room;
    }
    assert.equal(getEventListeners(never, "abort").length, 0, "nothing is left behind at the signal");
  });

  test("a caller that gives up is not kept", async () => {
    const water = new Water();
    water.set(1);
    const stopping = new AbortController();
    const room = water.mark.room(stopping.signal);
    assert.equal(await isSettled(room), false);
    stopping.abort();
    await room;
    await water.mark.room(stopping.signal);
  });
});
