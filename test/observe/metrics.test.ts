import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Diagnostics } from "../../src/observe/diagnostics.ts";
import { METRICS } from "../../src/observe/metric-table.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import type { Status } from "../../src/observe/status.ts";
import { TelegramError } from "../../src/protocol/errors.ts";
import { HEALTHY, worker } from "./healthy-status.ts";

const diagnostics = new Diagnostics(1);

function metricsOf(t: TestContext, changes: Partial<Status> = {}): Metrics {
  const metrics = new Metrics(1, () => ({ ...HEALTHY, ...changes }));
  t.after(() => metrics.close());
  return metrics;
}

const event = (kind: string) => ({ seq: 1, update_id: 1, kind, scope: "chat:1", received_at: Date.now(), attempts: 1 });
const call = (method: string) => ({ method, lane: "1", body: "{}" });

/** The lines of one metric, without its name. */
async function lines(metrics: Metrics, name: string): Promise<string[]> {
  const all = (await metrics.text()).split("\n").filter((line) => line.replace(/[{ ].*/, "") === name);
  return all.map((line) => line.slice(name.length).trim());
}

test("every metric of the table is exported from the start, with its help and type", async (t) => {
  const text = await metricsOf(t).text();
  for (const [name, { help, type }] of Object.entries(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  }
  assert.equal(text.match(/^# TYPE/gm)!.length, Object.keys(METRICS).length);
  assert.doesNotMatch(text, /nan|undefined/i);
});

test("unknown update kinds and methods share the label `other`", async (t) => {
  const metrics = metricsOf(t);
  for (const kind of ["message", "message", "poll", "novelty", "__proto__"]) diagnostics.received(event(kind));
  assert.deepEqual(await lines(metrics, "asgigram_updates_received_total"), [
    '{kind="message"} 2',
    '{kind="poll"} 1',
    '{kind="other"} 2',
  ]);
  const refusal = new TelegramError("sendMessage", 403, "Forbidden");
  diagnostics.sending(0, call("sendMessage"), undefined)!();
  diagnostics.sending(0, call("sendMessage"), undefined)!(refusal);
  diagnostics.sending(0, call("sendMesage"), undefined)!(refusal);
  diagnostics.sending(0, call("constructor"), undefined)!(refusal);
  assert.deepEqual(await lines(metrics, "asgigram_sends_total"), [
    '{method="sendMessage",outcome="ok"} 1',
    '{method="sendMessage",outcome="refused"} 1',
    '{method="other",outcome="refused"} 2',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_send_seconds_count"), ["4"]);
});

test("ends of events and dead letters are counted", async (t) => {
  const metrics = metricsOf(t);
  const own = event("message");
  diagnostics.posted(0, own);
  diagnostics.settled(0, own);
  diagnostics.failed(0, event("message"), "Error: no");
  diagnostics.deadLettered(1, "worker_died", { worker: 0, event: event("message") });
  diagnostics.deadLettered(undefined, "unreadable");
  assert.deepEqual(await lines(metrics, "asgigram_events_settled_total"), [
    '{outcome="settled"} 1',
    '{outcome="failed"} 1',
    '{outcome="dead_lettered"} 1',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_dead_letters_total"), [
    '{cause="failed"} 1',
    '{cause="worker_died"} 1',
    '{cause="timed_out"} 0',
    '{cause="unreadable"} 1',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_event_wait_seconds_count"), ["1"]);
  assert.deepEqual(await lines(metrics, "asgigram_event_handling_seconds_count"), ["3"]);
});

test("deaths and replacements of workers, stalls, retries and polls are counted", async (t) => {
  const metrics = metricsOf(t);
  diagnostics.workerReady(0);
  diagnostics.workerStalled(0);
  diagnostics.workerDied(0, "stall", new Error("stalled"));
  diagnostics.workerDied(1, "crash", new Error("no"));
  for (const cause of ["reload", "recycle-after", "memory-limit"] as const) diagnostics.workerReplaced(1, cause);
  assert.deepEqual(
    (await lines(metrics, "asgigram_worker_restarts_total")).filter((line) => !line.endsWith(" 0")),
    ["crash", "stall", "reload", "recycle-after", "memory-limit"].map((cause) => `{cause="${cause}"} 1`),
  );
  assert.deepEqual(await lines(metrics, "asgigram_worker_stalls_total"), ["1"]);
  diagnostics.retrying("sendMessage", 1, "moved", 0);
  assert.deepEqual(await lines(metrics, "asgigram_send_retries_total"), [
    '{cause="refused"} 0',
    '{cause="failed"} 0',
    '{cause="moved"} 1',
  ]);
  diagnostics.polled(2, 3);
  diagnostics.polled(0, 50_000);
  diagnostics.polled(0, 50_000);
  assert.deepEqual(await lines(metrics, "asgigram_polls_total"), [
    '{outcome="updates"} 1',
    '{outcome="empty"} 2',
    '{outcome="failed"} 0',
  ]);
});

test("gauges have the status at the time of the scrape", async (t) => {
  const condition = { instances: 3, idle: 0, evicted: 0, active: 1500, heap: 1000, external: 10 };
  const metrics = metricsOf(t, {
    source: { ...HEALTHY.source, lastSuccess: 1_790_000_000_500 },
    workers: [worker(0, { condition }), worker(1, { isUp: false })],
    droppedInstances: { idle: 4, evicted: 5 },
    unsettled: 6,
    oldest: Date.now() - 60_000,
    posted: 2,
    fullSince: 1,
    sends: { pending: 8, paused: 7 },
    share: { shards: 86, polls: true, age: 1500, moves: { taken: 90, released: 4, lost: 0 }, refused: 2, rate: 12.5 },
  });
  const expected: { [name: string]: string[] } = {
    asgigram_last_poll_timestamp_seconds: ["1790000000.5"],
    asgigram_workers: ["2"],
    asgigram_workers_up: ["1"],
    asgigram_instances: ['{thread="0"} 3', '{thread="1"} 0'],
    asgigram_instances_dropped_total: ['{reason="idle"} 4', '{reason="evicted"} 5'],
    asgigram_inbox_events: ["6"],
    asgigram_inbox_full: ["1"],
    asgigram_events_posted: ["2"],
    asgigram_sends_pending: ["8"],
    asgigram_lanes_paused: ["7"],
    asgigram_inbox_shards: ["86"],
    asgigram_inbox_polls: ["1"],
    asgigram_inbox_lease_age_seconds: ["1.5"],
    asgigram_inbox_moves_total: ['{cause="taken"} 90', '{cause="released"} 4', '{cause="lost"} 0'],
    asgigram_inbox_refused_total: ["2"],
    asgigram_inbox_rate_limit: ["12.5"],
  };
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(await lines(metrics, name), values, name);
  assert.match((await lines(metrics, "asgigram_inbox_oldest_age_seconds"))[0]!, /^6\d(\.\d+)?$/);
  const active = await lines(metrics, "asgigram_event_loop_active_seconds_total");
  assert.match(active[0]!, /^\{thread="main"\} 0\.\d+$|^\{thread="main"\} \d/);
  assert.deepEqual(active.slice(1), ['{thread="0"} 1.5', '{thread="1"} 0']);
  assert.deepEqual((await lines(metrics, "asgigram_heap_bytes")).slice(1), ['{thread="0"} 1000', '{thread="1"} 0']);
});

test("messages of another server, and messages after close(), are not counted", async (t) => {
  const metrics = metricsOf(t);
  new Diagnostics(2).received(event("message"));
  metrics.close();
  diagnostics.received(event("message"));
  assert.deepEqual(await lines(metrics, "asgigram_updates_received_total"), []);
});
