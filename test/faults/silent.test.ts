import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NetworkError } from "../../src/protocol/errors.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { Poller } from "../../src/telegram/poller.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { Deadlines } from "../telegram/deadlines.ts";
import { FaultyApi, POLLS, SENDS } from "./faulty-api.ts";
import { Sender } from "./sender.ts";

/**
 * In place of the minute that a call may take: ms. Times of more than a second undici measures in ticks of half a second, so it
 * does not mistake a held-up event loop for a silent server.
 */
const CALL_TIMEOUT = 1500;

/** A poller by itself, over a real BotApi. Its polls are given up when `deadlines` pass. */
class Polling implements AsyncDisposable {
  readonly deadlines = new Deadlines();
  readonly received: number[] = [];
  readonly #botApi: BotApi;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor({ token, url }: FaultyApi) {
    this.#botApi = new BotApi({ token, apiUrl: url, wait: this.deadlines.wait });
    const poller = new Poller({
      allowedUpdates: () => ["message"],
      getUpdates: (poll, signal) => this.#botApi.getUpdates(poll, signal),
      received: async (updates) => this.received.push(...updates.map(({ update_id }) => update_id)),
      log: { info() {}, warn() {} },
    });
    this.#running = poller.run(this.#stopping.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#botApi.close();
  }
}

for (const fault of ["halfOpen", "stallInBody"] as const) {
  describe(fault, { concurrency: true }, () => {
    test("a poll is given up at its deadline, a minute at most, and the next goes over a connection of its own", async () => {
      await using api = await FaultyApi.start({ seed: 1 });
      const ids = await api.simulator.pushMany([message(1, "one"), message(2, "two")]);
      const outage = api.inject({ fault, on: POLLS });
      await using polling = new Polling(api);
      const polls = () => api.visits(POLLS).length;
      for (const number of [1, 2, 3]) {
        await eventually(
          () => polls() === number,
          () => `${polls()} polls, not ${number}`,
        );
        assert.deepEqual(polling.received, []);
        // The connection that hangs now goes on hanging.
        if (number === 3) outage.stop();
        polling.deadlines.pass();
      }
      await eventually(
        () => polling.received.length > 0,
        () => `no updates after ${polls()} polls`,
      );
      assert.deepEqual(polling.received, ids);
      assert.deepEqual(polling.deadlines.asked.slice(0, 4), [60_000, 10_000, 10_000, 10_000]);
    });

    test("a message is given up at its deadline, is not repeated, and the next one goes out", async () => {
      await using sender = await Sender.start({ seed: 1, callTimeout: CALL_TIMEOUT });
      sender.api.inject({ fault, on: SENDS, times: 1, carriesOut: true });
      const [first, second] = await Promise.allSettled([sender.say(1, "one"), sender.say(1, "two")]);
      assert.ok(first.status === "rejected" && first.reason instanceof NetworkError);
      assert.equal(first.reason.delivery, "unknown");
      assert.equal(second.status, "fulfilled");
      assert.deepEqual(await sender.heard(1), ["one", "two"]);
    });
  });
}
