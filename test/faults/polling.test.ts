import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { FaultyBot } from "./bot.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { POLLS, type Visit } from "./faulty-api.ts";
import { Stopwatch } from "./stopwatch.ts";

type Outage = FaultName | "refused";

/** Only a deadline ends these: silent.test.ts has them. */
const SILENT = new Set<Outage>(["halfOpen", "stallInBody"]);
const TO_SURVIVE = (["refused", ...Object.keys(FAULTS)] as Outage[]).filter((fault) => !SILENT.has(fault));

/** Duration of an outage: ms. */
const FAULTY = 10_500;
const MOST_IN_TEN_SECONDS = 20;
/** Pauses become short again after a poll of this duration, even if this process was only held up: ms. */
const WAITED = 500;
/** The number of extra polls while pauses are short. */
const SHORT_PAUSES = 4;
const BACK_WITHIN = 2000;

/** For 25 starts one after another, and the outage: ms. */
const patience = { timeout: 180_000 };

describe("polling survives", { concurrency: true, ...patience }, () => {
  const bots = new Map<Outage, FaultyBot>();

  // One after another, before the first outage: 25 starts at once would hold up the event loop that all of them share.
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
      // The poll under way brings these; later polls meet the fault.
      await bot.round();
      await eventually(
        () => stopwatch.elapsed >= 500,
        () => stopwatch.elapsed,
      );
      await bot.round();
      await eventually(
        () => stopwatch.elapsed >= FAULTY,
        () => stopwatch.elapsed,
      );
      outage.stop();
      const most = MOST_IN_TEN_SECONDS + SHORT_PAUSES * Math.floor(stopwatch.held / WAITED);
      const ended = performance.now();
      using outageOver = new Stopwatch();
      await eventually(
        () => goodPolls(bot).some(({ at }) => at >= ended),
        () =>
          `the last of ${goodPolls(bot).length} good polls was ${ended - goodPolls(bot).at(-1)!.at} ms before the end`,
      );

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

/** The times of the polls that the fault has hit. */
function spoiledSince(began: number, bot: FaultyBot): number[] {
  const spoiled = bot.api.visits(POLLS).filter((visit) => visit.spoiled && visit.at >= began);
  return spoiled.map(({ at }) => at);
}

/** The most of these times within any span of that length. */
function mostIn(milliseconds: number, times: readonly number[]): number {
  return Math.max(0, ...times.map((first) => times.filter((at) => at >= first && at < first + milliseconds).length));
}
