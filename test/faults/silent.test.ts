import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { NetworkError } from "../../src/protocol/errors.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { Poller } from "../../src/telegram/poller.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "./bot.ts";
import { FaultyApi, POLLS, SENDS } from "./faulty-api.ts";
import { Sender } from "./sender.ts";

/** Instead of the ten seconds that a long poll has beyond its own timeout: ms. */
const GRACE = 300;

for (const fault of ["halfOpen", "stallInBody"] as const) {
  describe(fault, { concurrency: true }, () => {
    test("a poll is given up at its deadline, and the next goes over a connection of its own", async () => {
      await using api = await FaultyApi.start({ seed: 1 });
      const botApi = new BotApi({ token: api.token, apiUrl: api.url, pollGrace: GRACE });
      const taken: number[] = [];
      const poller = new Poller({
        allowedUpdates: ["message"],
        // Their own timeout left out, long polls end in time for a test.
        getUpdates: (poll, signal) => botApi.getUpdates({ ...poll, timeout: 0 }, signal),
        take: (updates) => taken.push(...updates.map(({ update_id }) => update_id)),
        stored: async () => {},
        room: async () => {},
        log: { info() {}, warn() {} },
      });
      const stopping = new AbortController();
      const outage = api.inject({ fault, on: POLLS });
      const polling = poller.run(stopping.signal);
      const ids = await api.simulator.pushMany([message(1, "one"), message(2, "two")]);
      await delay(3 * GRACE);
      const stuck = api.visits(POLLS).length;
      assert.ok(stuck >= 2 && stuck <= 3, `${stuck} polls`);
      assert.deepEqual(taken, []);
      // The connection that hangs at this moment goes on hanging.
      outage.stop();
      const began = performance.now();
      await eventually(() => taken.length > 0);
      assert.ok(performance.now() - began < GRACE + 2000);
      assert.deepEqual(taken, ids);
      stopping.abort();
      await polling;
      await botApi.close();
    });

    test("a message is given up at its deadline, is not repeated, and the next one goes out", async () => {
      await using sender = await Sender.start({ seed: 1, callTimeout: GRACE });
      sender.api.inject({ fault, on: SENDS, times: 1, carriesOut: true });
      const [first, second] = await Promise.allSettled([sender.say(1, "one"), sender.say(1, "two")]);
      assert.ok(first.status === "rejected" && first.reason instanceof NetworkError);
      assert.equal(first.reason.delivery, "unknown");
      assert.equal(second.status, "fulfilled");
      assert.deepEqual(await sender.heard(1), ["one", "two"]);
    });
  });
}
