import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { message } from "../end-to-end/bot.ts";
import { isSettled } from "../settled.ts";
import { FaultyApi, SENDS } from "./faulty-api.ts";

test("a rule that ends in a reset waits for calls that the simulator is carrying out", async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await using api = await FaultyApi.start({
    seed: 1,
    simulator: {
      intercept: async ({ method }, respond) => {
        if (method === "sendMessage") {
          begun.resolve();
          await finish.promise;
        }
        return await respond();
      },
    },
  });
  await api.simulator.push(message(1, "hello"));
  const rule = api.inject({ fault: "stallInBody", on: SENDS, endsInReset: true });
  const url = `${api.url}/bot${api.token}/sendMessage?chat_id=1&text=hi`;
  const answer = fetch(url).then((response) => response.text());
  await begun.promise;
  rule.stop();
  // A reset would be here by then.
  await delay(100);
  assert.equal(await isSettled(answer), false);
  finish.resolve();
  await assert.rejects(answer);
  const [said] = (await api.simulator.perform("messages", { chat_id: 1 })).filter(({ from }) => from?.is_bot);
  assert.equal(said!.text, "hi");
});
