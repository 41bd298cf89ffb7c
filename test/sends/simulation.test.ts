/**
 * What the limiter reaches, in virtual time, in front of a Telegram with limits. Rates are measured from the 20th second on: before, the
 * limit has to be found.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Bucket, Flood, type RateLimit, SlidingSecond } from "./simulation/rate-limits.ts";
import { honest, Simulation } from "./simulation/simulation.ts";

const FOUND = 20;

const chats = (count: number, name = "chat") => Array.from({ length: count }, (_, i) => `${name} ${i}`);

const LIMITS = {
  "so many within any second": (rate: number) => new SlidingSecond(rate),
  "a bucket of a tenth": (rate: number) => new Bucket(rate, rate / 10),
};

const RETRY_AFTER = { honest, missing: () => undefined, "too long": () => 5 };

/** The second at which a measurement ends: some thousand calls are enough. */
const END: Readonly<Record<number, number>> = { 30: 120, 100: 60, 1000: 40 };

const RATES = [30, 100, 1000];

const cases = RATES.flatMap((rate) =>
  Object.entries(RETRY_AFTER).flatMap(([told, retryAfter]) =>
    Object.entries(LIMITS).map(([shape, limitOf]) => ({ rate, told, retryAfter, shape, limitOf, end: END[rate]! })),
  ),
);

describe("a limit of all chats", () => {
  for (const { rate, told, retryAfter, shape, limitOf, end } of cases) {
    test(`${rate} a second (${shape}), retry_after ${told}: 95 % of it is used, and all chats get the same`, async () => {
      const simulation = new Simulation({ limit: limitOf(rate), retryAfter });
      const tally = simulation.saturate(chats(2 * rate + 100));
      await simulation.runUntil(end);
      assert.ok(tally.rate(FOUND, end) >= 0.95 * rate, `${tally.rate(FOUND, end)}`);
      assert.ok(tally.jain(FOUND, end) >= 0.9, `${tally.jain(FOUND, end)}`);
      assert.ok(simulation.refusals(FOUND, end) <= 0.05 * rate, `${simulation.refusals(FOUND, end)} refusals`);
    });
  }

  for (const [rate, told] of RATES.flatMap((rate) => Object.keys(RETRY_AFTER).map((told) => [rate, told] as const))) {
    test(`${rate} a second, retry_after ${told}, one call too many shuts all chats out for 3 s: 80 % of it is used`, async () => {
      const limit = new Flood(new Bucket(rate, rate / 10), 3000);
      const simulation = new Simulation({ limit, retryAfter: RETRY_AFTER[told as keyof typeof RETRY_AFTER] });
      const tally = simulation.saturate(chats(2 * rate + 100));
      const end = END[rate]!;
      await simulation.runUntil(end);
      assert.ok(tally.rate(FOUND, end) >= 0.8 * rate, `${tally.rate(FOUND, end)}`);
      assert.ok(tally.jain(FOUND, end) >= 0.9, `${tally.jain(FOUND, end)}`);
    });
  }
});

describe("limits of chats", () => {
  const busy = chats(6, "busy");
  const own = (chat: string) => (chat.startsWith("busy") ? new Bucket(1, 1) : undefined);

  for (const [told, retryAfter] of Object.entries({ "told the truth": honest, "told 3600": () => 3600 })) {
    for (const rate of [5, 20, 50, 200]) {
      test(`beside six chats at limits of their own, ${told}, ${rate} calls a second to others are answered within 150 ms`, async () => {
        const simulation = new Simulation({ limitOf: own, retryAfter });
        simulation.saturate(busy);
        const others = simulation.trickle(chats(1000), rate);
        await simulation.runUntil(30);
        assert.ok(others.rate(0, 30) >= 0.8 * rate, `${others.rate(0, 30)}`);
        assert.ok(others.percentile(0.99) <= 150, `${others.percentile(0.99)} ms`);
      });
    }
  }

  test("beside 40 groups at 20 a minute each, 200 calls a second to others are answered within 150 ms", async () => {
    const simulation = new Simulation({
      limitOf: (chat) => (chat.startsWith("group") ? new Bucket(1 / 3, 1) : undefined),
    });
    const groups = simulation.saturate(chats(40, "group"));
    const others = simulation.trickle(chats(1000), 200);
    await simulation.runUntil(60);
    assert.ok(others.percentile(0.99) <= 150, `${others.percentile(0.99)} ms`);
    assert.ok(groups.rate(0, 60) >= (0.95 * 40) / 3, `${groups.rate(0, 60)}`);
  });

  // A retry_after of whole seconds allows 90 %: a second, and the way of the call.
  for (const count of [40, 200]) {
    test(`${count} chats that are all at their own limit of one a second reach 85 % of it`, async () => {
      const simulation = new Simulation({ limitOf: () => new Bucket(1, 1) });
      const tally = simulation.saturate(chats(count));
      await simulation.runUntil(60);
      assert.ok(tally.rate(FOUND, 60) >= 0.85 * count, `${tally.rate(FOUND, 60)}`);
      assert.ok(tally.jain(FOUND, 60) >= 0.9, `${tally.jain(FOUND, 60)}`);
    });
  }
});

describe("a limit that changes", () => {
  const CHANGE = 40;

  async function change(from: number, to: number, until: number, wrap = (limit: Bucket): RateLimit => limit) {
    const limit = new Bucket(from, Math.max(from, to) / 10);
    const simulation = new Simulation({ limit: wrap(limit) });
    const tally = simulation.saturate(chats(2 * Math.max(from, to) + 100));
    await simulation.runUntil(CHANGE);
    limit.rate = to;
    await simulation.runUntil(CHANGE + until);
    return { simulation, tally };
  }

  for (const [from, to] of [
    [30, 10],
    [300, 30],
  ] as const) {
    test(`from ${from} to ${to}: after 10 s hardly a call is refused, and 90 % of the limit is used`, async () => {
      const { simulation, tally } = await change(from, to, 20);
      assert.ok(simulation.refusals(CHANGE + 10, CHANGE + 20) <= 0.1 * to);
      assert.ok(tally.rate(CHANGE + 10, CHANGE + 20) >= 0.9 * to, `${tally.rate(CHANGE + 10, CHANGE + 20)}`);
    });
  }

  for (const [from, to] of [
    [10, 300],
    [30, 100],
    [100, 500],
  ] as const) {
    test(`from ${from} to ${to}: after 60 s half of it is used`, async () => {
      const { tally } = await change(from, to, 62);
      assert.ok(tally.rate(CHANGE + 60, CHANGE + 62) >= 0.5 * to, `${tally.rate(CHANGE + 60, CHANGE + 62)}`);
    });
  }
});

describe("a broadcast to 100,000 chats under a limit of 30 a second", () => {
  for (const [shape, limitOf] of Object.entries(LIMITS)) {
    test(`replies are answered within 150 ms, and the broadcast gets what they leave (${shape})`, async () => {
      const simulation = new Simulation({ limit: limitOf(30) });
      const bulk = simulation.broadcast(chats(100_000, "reader"));
      const replies = simulation.trickle(chats(1000), 5);
      await simulation.runUntil(600);
      assert.ok(replies.percentile(0.99) <= 150, `${replies.percentile(0.99)} ms`);
      const all = bulk.rate(FOUND, 600) + replies.rate(FOUND, 600);
      assert.ok(all >= 0.93 * 30, `${all}`);
      assert.ok(simulation.refusals(FOUND, 600) <= 1, `${simulation.refusals(FOUND, 600)} refusals`);
    });
  }

  test("a reply to a chat whose part of the broadcast waits takes that along, and keeps its place behind it", async () => {
    const simulation = new Simulation({ limit: new Bucket(30, 3) });
    const readers = chats(100_000, "reader");
    simulation.broadcast(readers);
    const replies = simulation.trickle(readers, 5);
    await simulation.runUntil(300);
    assert.ok(replies.percentile(0.95) <= 300, `${replies.percentile(0.95)} ms`);
  });
});
