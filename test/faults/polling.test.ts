import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, FaultyBot } from "./bot.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { POLLS, type Visit } from "./faulty-api.ts";

/** Of which the server knows only by its own deadline: silent.test.ts has them. */
const SILENT = new Set<string>(["halfOpen", "stallInBody"] satisfies FaultName[]);
const TO_SURVIVE = ["refused", ...(Object.keys(FAULTS) as FaultName[])].filter((fault) => !SILENT.has(fault));

/** The longest that a fault is looked at: ms. */
const FAULTY = 10_500;
const MOST_IN_TEN_SECONDS = 20;
const BACK_WITHIN = 2000;

describe("polling survives", { concurrency: true }, () => {
  for (const fault of TO_SURVIVE) {
    test(`${fault}, without a spin, and is back soon`, async () => {
      await using bot = await FaultyBot.start("echo", { seed: 1 });
      await bot.round();
      await bot.answered();

      const outage = bot.api.inject({ fault: fault as FaultName, on: POLLS });
      const began = performance.now();
      // The poll under way brings these; the ones after it meet the fault.
      await bot.round();
      await delay(500);
      await bot.round();
      await delay(FAULTY - 500);
      outage.stop();
      const ended = performance.now();
      await eventually(() => goodPolls(bot).some(({ at }) => at >= ended));

      assert.ok(goodPolls(bot).find(({ at }) => at >= ended)!.at - ended <= BACK_WITHIN, "it is back in time");
      await bot.answered();
      const faulty = bot.api.visits(POLLS).filter(({ at, spoiled }) => spoiled && at >= began);
      if (fault !== "refused") assert.ok(faulty.length >= 5, `it kept trying: ${faulty.length}`);
      assert.ok(mostIn(10_000, faulty) <= MOST_IN_TEN_SECONDS, `it did not spin: ${mostIn(10_000, faulty)}`);
    });
  }
});

function goodPolls(bot: FaultyBot): Visit[] {
  return bot.api.visits(POLLS).filter(({ spoiled }) => !spoiled);
}

/** The most visits that any such span of time has seen. */
function mostIn(milliseconds: number, visits: readonly Visit[]): number {
  return Math.max(0, ...visits.map(({ at }) => visits.filter((v) => v.at >= at && v.at < at + milliseconds).length));
}
