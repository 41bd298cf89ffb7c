import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { FaultyBot } from "./bot.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { POLLS, type Visit } from "./faulty-api.ts";
import { Stopwatch } from "./stopwatch.ts";

type Outage = FaultName | "refused";

/** The server notices these by its own deadline alone: silent.test.ts has them. */
const SILENT = new Set<Outage>(["halfOpen", "stallInBody"]);
const TO_SURVIVE = (["refused", ...Object.keys(FAULTS)] as Outage[]).filter((fault) => !SILENT.has(fault));

/** The length of an outage: ms. */
const FAULTY = 10_500;
const MOST_IN_TEN_SECONDS = 20;
/** A poll that took so long has waited, be it that only this process was held up: then pauses are short again. ms. */
const WAITED = 500;
/** The number of polls more that short pauses make. */
const SHORT_PAUSES = 4;
const BACK_WITHIN = 2000;

/** The time for 25 servers to start one after another, and for their outage. */
const patience = { timeout: 180_000 };

describe("polling survives", { concurrency: true, ...patience }, () => {
  const bots = new Map<Outage, FaultyBot>();

  // One after another, and before the first outage: 25 that start at once hold up the event loop that all of them share.
  before(async () => {
    for (const fault of TO_SURVIVE) bots.set(fault, await FaultyBot.start("echo", { seed: 1 }));
  }, patience);
  after(() => Promise.all(Array.from(bots.values(), (bot) => bot[Symbol.asyncDispose]())));

  for (const fault of TO_SURVIVE) {
    test(`polling survives ${fault}, without a spin, and is back soon`, async () => {
      const bot = bots.get(fault)!;
      await bot.round();
      await bot.answered();

      const outage = bot.api.inject({ fault, on: POLLS });
      const began = performance.now();
      using stopwatch = new Stopwatch();
      // The poll under way brings these; the ones after it meet the fault.
      await bot.round();
      await eventually(() => stopwatch.elapsed >= 500);
      await bot.round();
      await eventually(() => stopwatch.elapsed >= FAULTY);
      outage.stop();
      const most = MOST_IN_TEN_SECONDS + SHORT_PAUSES * Math.floor(stopwatch.held / WAITED);
      const ended = performance.now();
      using outageOver = new Stopwatch();
      await eventually(() => goodPolls(bot).some(({ at }) => at >= ended));

      assert.ok(outageOver.elapsed <= BACK_WITHIN, `it was back after ${outageOver.elapsed} ms`);
      await bot.answered();
      const faulty = fault === "refused" ? bot.api.refusals : spoiledSince(began, bot);
      assert.ok(faulty.length >= 5, `it kept trying: ${faulty.length}`);
      assert.ok(mostIn(10_000, faulty) <= most, `it did not spin: ${mostIn(10_000, faulty)}`);
    });
  }
});

function goodPolls(bot: FaultyBot): Visit[] {
  return bot.api.visits(POLLS).filter(({ spoiled }) => !spoiled);
}

/** The times of the polls that the fault has had. */
function spoiledSince(began: number, bot: FaultyBot): number[] {
  const spoiled = bot.api.visits(POLLS).filter((visit) => visit.spoiled && visit.at >= began);
  return spoiled.map(({ at }) => at);
}

/** The most of these times that any such span holds. */
function mostIn(milliseconds: number, times: readonly number[]): number {
  return Math.max(0, ...times.map((first) => times.filter((at) => at >= first && at < first + milliseconds).length));
}
