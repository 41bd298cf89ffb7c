import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { ToMain } from "../../src/protocol/port.ts";
import { WorkerPool } from "../../src/threads/pool.ts";
import type { WorkerLife } from "../../src/threads/worker.ts";
import { hostTask } from "../host-task.ts";

const APP = join(import.meta.dirname, "../end-to-end/apps/echo.ts");

test("whatever is posted to a worker, it works on or is replaced, and this thread hears of it in words of the port", async (t) => {
  const happenings = new EventEmitter<{ ready: [WorkerLife]; call: [ToMain & { type: "call" }] }>();
  const heard: ToMain[] = [];
  const deaths: Error[] = [];
  const pool = new WorkerPool({
    workers: 1,
    task: hostTask({ application: APP, directory: import.meta.dirname }),
    grace: 1000,
    pause: () => 0,
    onReady: (_, life) => happenings.emit("ready", life),
    onMessage: (_worker, life, item) => {
      heard.push(item);
      if (item.type !== "call") return;
      life.push({ type: "result", id: item.id, body: '{"ok":true,"result":{}}' });
      happenings.emit("call", item);
    },
    onPaused: () => {},
    onDrained: () => {},
    onGone: (_worker, _life, error) => deaths.push(error),
  });
  t.after(() => pool.destroy());
  let [life] = await once(happenings, "ready");
  const types = fc.constantFrom("bot", "events", "result", "failure", "no such type");
  const item = fc.oneof(
    fc.jsonValue(),
    fc.record({
      type: types,
      events: fc.jsonValue(),
      id: fc.jsonValue(),
      body: fc.jsonValue(),
      bot: fc.jsonValue(),
      error: fc.jsonValue(),
    }),
    fc.record({
      type: fc.constant("events"),
      events: fc.array(fc.record({ seq: fc.nat(), attempt: fc.nat(), body: fc.json() })),
    }),
  );
  for (const junk of fc.sample(item, { numRuns: 60, seed: 5 })) {
    const before = deaths.length;
    life.push(junk as never);
    // What is posted behind it is worked on, by this life or by the next.
    const isAnswered = once(happenings, "call").then(() => true);
    life.push({
      type: "events",
      events: [{ seq: 1, attempt: 1, body: '{"update_id":1,"message":{"chat":{"id":1},"text":"x"}}' }],
    });
    const replaced = once(happenings, "ready").then(([next]) => {
      life = next;
      return false;
    });
    if (await Promise.race([isAnswered, replaced])) assert.equal(deaths.length, before);
    else assert.equal(deaths.length, before + 1);
    happenings.removeAllListeners();
  }
  const words = new Set(["call", "settled", "failed", "crash", "log", "output"]);
  for (const { type } of heard) assert.ok(words.has(type), type);
});
