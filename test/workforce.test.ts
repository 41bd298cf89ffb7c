import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { resolveConfig } from "../src/config/config.ts";
import type { Deliveries } from "../src/deliveries.ts";
import { Diagnostics } from "../src/observe/diagnostics.ts";
import { createLogger } from "../src/observe/logger.ts";
import type { Job, Outbox } from "../src/sends/outbox.ts";
import { Workforce } from "../src/workforce.ts";

const APP = join(import.meta.dirname, "end-to-end/apps/echo.ts");
const BOT = { id: 99 };

const event = (seq: number, chat: number) => ({
  seq,
  attempt: 1,
  body: JSON.stringify({ update_id: seq, message: { chat: { id: chat, type: "private" }, text: `${seq}` } }),
});

test("what a worker has settled is on record before a call that it made after that goes out", async () => {
  const config = await resolveConfig({
    options: { token: "1:x", application: APP, workers: 1, inbox: false },
    env: {},
    cwd: import.meta.dirname,
  });
  const deeds: string[] = [];
  const calls = new EventEmitter<{ call: [Job] }>();
  // Only what the workforce asks of them.
  const outbox = {
    post(job: Job) {
      deeds.push(`call ${JSON.parse(JSON.parse(job.call.body).text).text}`);
      calls.emit("call", job);
    },
  } as unknown as Outbox;
  const deliveries = {
    record: () => deeds.push("record"),
    settled: (_: number, seqs: number[]) => deeds.push(`settled ${seqs}`),
    posted: () => undefined,
    workerReady: () => {},
    workerDrained: () => {},
  } as unknown as Deliveries;
  const workforce = new Workforce({
    config,
    outbox,
    log: createLogger({ level: "silent", format: "json", hide: (text) => text }),
    hide: (text) => text,
    tell: new Diagnostics(1),
    onError: (error) => assert.fail(error),
  });
  await workforce.start();
  workforce.begin(deliveries, BOT);
  workforce.post(0, event(1, 5));
  workforce.post(0, event(2, 5));
  const [first] = await once(calls, "call");
  deeds.length = 0;
  first.succeeded('{"ok":true,"result":{}}');
  const [second] = await once(calls, "call");
  assert.deepEqual(
    deeds
      .slice(0, -1)
      .filter((deed) => deed !== "record")
      .at(-1),
    "settled 1",
  );
  assert.deepEqual(deeds.slice(-2), ["record", "call 2"]);
  assert.ok(deeds.indexOf("settled 1") < deeds.lastIndexOf("record"));
  second.succeeded('{"ok":true,"result":{}}');
  await workforce.drain("shutdown");
  await workforce.destroy();
});
