import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Teller } from "../../src/observe/diagnostics.ts";
import { METRICS } from "../../src/observe/metric-table.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import type { Vitals } from "../../src/observe/status.ts";
import { TelegramError } from "../../src/protocol/errors.ts";
import { WELL, worker } from "./well.ts";

const tell = new Teller(1);

function metricsOf(t: TestContext, vitals: Partial<Vitals> = {}): Metrics {
  const metrics = new Metrics(1, () => ({ ...WELL, ...vitals }));
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

test("every metric of the table is there, with its help and type, from the start", async (t) => {
  const text = await metricsOf(t).text();
  for (const [name, { help, type }] of Object.entries(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  }
  assert.equal(text.match(/^# TYPE/gm)!.length, Object.keys(METRICS).length);
  assert.doesNotMatch(text, /nan|undefined/i);
});

test("what outside names is counted under names that are known, and the rest together", async (t) => {
  const metrics = metricsOf(t);
  for (const kind of ["message", "message", "poll", "novelty", "__proto__"]) tell.received(event(kind));
  assert.deepEqual(await lines(metrics, "asgigram_updates_received_total"), [
    '{kind="message"} 2',
    '{kind="poll"} 1',
    '{kind="other"} 2',
  ]);
  const refusal = new TelegramError("sendMessage", 403, "Forbidden");
  tell.sending(0, call("sendMessage"), undefined)!();
  tell.sending(0, call("sendMessage"), undefined)!(refusal);
  tell.sending(0, call("sendMesage"), undefined)!(refusal);
  tell.sending(0, call("constructor"), undefined)!(refusal);
  assert.deepEqual(await lines(metrics, "asgigram_sends_total"), [
    '{method="sendMessage",outcome="ok"} 1',
    '{method="sendMessage",outcome="refused"} 1',
    '{method="other",outcome="refused"} 2',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_send_seconds_count"), ["4"]);
});

test("ends of events are counted, and the dead letters among them", async (t) => {
  const metrics = metricsOf(t);
  const own = event("message");
  tell.posted(0, own);
  tell.settled(0, [1], () => own);
  tell.failed(0, event("message"), "Error: no");
  tell.condemned(0, event("message"));
  tell.buried(undefined, "unreadable");
  assert.deepEqual(await lines(metrics, "asgigram_events_settled_total"), [
    '{outcome="settled"} 1',
    '{outcome="failed"} 1',
    '{outcome="condemned"} 1',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_dead_letters_total"), [
    '{cause="failed"} 1',
    '{cause="condemned"} 1',
    '{cause="unreadable"} 1',
  ]);
  assert.deepEqual(await lines(metrics, "asgigram_event_wait_seconds_count"), ["1"]);
  assert.deepEqual(await lines(metrics, "asgigram_event_handling_seconds_count"), ["3"]);
});

test("so are deaths of workers, stalls, repeated calls and polls", async (t) => {
  const metrics = metricsOf(t);
  tell.worker(0, "ready");
  tell.worker(0, "stalled");
  tell.worker(0, "gone", { cause: "stall" });
  tell.worker(1, "gone", { cause: "crash" });
  for (const cause of ["reload", "recycle-after", "memory-limit"] as const) tell.worker(1, "replaced", { cause });
  assert.deepEqual(
    (await lines(metrics, "asgigram_worker_restarts_total")).filter((line) => !line.endsWith(" 0")),
    ["crash", "stall", "reload", "recycle-after", "memory-limit"].map((cause) => `{cause="${cause}"} 1`),
  );
  assert.deepEqual(await lines(metrics, "asgigram_worker_stalls_total"), ["1"]);
  tell.retrying("sendMessage", 1, "moved", 0);
  assert.deepEqual(await lines(metrics, "asgigram_send_retries_total"), [
    '{cause="refused"} 0',
    '{cause="failed"} 0',
    '{cause="moved"} 1',
  ]);
  tell.polled(2, 3);
  tell.polled(0, 50_000);
  tell.polled(0, 50_000);
  assert.deepEqual(await lines(metrics, "asgigram_polls_total"), [
    '{outcome="updates"} 1',
    '{outcome="empty"} 2',
    '{outcome="failed"} 0',
  ]);
});

test("the rest is as things are when it is asked for", async (t) => {
  const condition = { instances: 3, idle: 0, evicted: 0, active: 1500, heap: 1000, external: 10 };
  const metrics = metricsOf(t, {
    polls: { ...WELL.polls, lastSuccess: 1_790_000_000_500 },
    workers: [worker(0, { condition }), worker(1, { isUp: false })],
    dropped: { idle: 4, evicted: 5 },
    unsettled: 6,
    oldest: Date.now() - 60_000,
    inFlight: 2,
    isFull: true,
    sends: { pending: 8, paused: 7 },
  });
  const expected: { [name: string]: string[] } = {
    asgigram_last_poll_timestamp_seconds: ["1790000000.5"],
    asgigram_workers: ["2"],
    asgigram_workers_up: ["1"],
    asgigram_instances: ['{thread="0"} 3', '{thread="1"} 0'],
    asgigram_instances_dropped_total: ['{reason="idle"} 4', '{reason="evicted"} 5'],
    asgigram_inbox_events: ["6"],
    asgigram_inbox_full: ["1"],
    asgigram_events_in_flight: ["2"],
    asgigram_sends_pending: ["8"],
    asgigram_lanes_paused: ["7"],
  };
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(await lines(metrics, name), values, name);
  assert.match((await lines(metrics, "asgigram_inbox_oldest_age_seconds"))[0]!, /^6\d(\.\d+)?$/);
  const active = await lines(metrics, "asgigram_event_loop_active_seconds_total");
  assert.match(active[0]!, /^\{thread="main"\} 0\.\d+$|^\{thread="main"\} \d/);
  assert.deepEqual(active.slice(1), ['{thread="0"} 1.5', '{thread="1"} 0']);
  assert.deepEqual((await lines(metrics, "asgigram_heap_bytes")).slice(1), ['{thread="0"} 1000', '{thread="1"} 0']);
});

test("another server of the same process is not counted, nor is anything after the end", async (t) => {
  const metrics = metricsOf(t);
  new Teller(2).received(event("message"));
  metrics.close();
  tell.received(event("message"));
  assert.deepEqual(await lines(metrics, "asgigram_updates_received_total"), []);
});
