import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Asgigram } from "../cli/asgigram.ts";
import { FaultyApi, POLLS } from "./faulty-api.ts";

/** Makes the minute of patience last two seconds: the clock of the process runs thirty times as fast, its timers do not. */
const HASTE = "data:text/javascript,const now=performance.now.bind(performance);performance.now=()=>30*now()";

const CONFLICTS = {
  webhookSet: /a webhook is set for this bot.*--delete-webhook/,
  otherPoller: /another process polls for this bot/,
} as const;

describe("a conflict", { concurrency: true }, () => {
  const faults = Object.keys(CONFLICTS) as (keyof typeof CONFLICTS)[];
  for (const [fault, ...flags] of [
    ...faults.map((fault) => [fault] as const),
    ["webhookSet", "--drop-pending"] as const,
  ]) {
    test(`${[fault, ...flags].join(" with ")} for a minute ends the process, with the remedy`, async () => {
      await using api = await FaultyApi.start({ seed: 1 });
      api.inject({ fault, on: POLLS });
      const bot = new Asgigram(["apps/echo.ts", "--no-inbox", "--workers", "1", "--log-format", "json", ...flags], {
        cwd: import.meta.dirname,
        env: { ASGIGRAM_TOKEN: api.token, ASGIGRAM_API_URL: api.url },
        node: ["--import", HASTE],
      });
      const { code, stderr } = await bot.exit();
      assert.equal(code, 4);
      assert.match(stderr.trim().split("\n").at(-1)!, CONFLICTS[fault]);
      const polls = api.visits(POLLS).length;
      assert.ok(polls >= 2 && polls <= 5, `${polls} polls`);
    });
  }
});
