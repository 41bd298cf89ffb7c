/**
 * The metrics of one server. What happens is counted as it is told (channels.ts), in plain numbers; how things are is looked up
 * when somebody asks.
 */

import { getHeapStatistics } from "node:v8";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { METHODS } from "../protocol/method-table.ts";
import { UPDATE_KINDS } from "../protocol/route.ts";
import { type FromServer, type Messages, subscribe } from "./channels.ts";
import { type MetricName, metricAt } from "./metric-table.ts";
import type { Vitals } from "./status.ts";

/** Values and the labels that they have. */
type Samples = Iterable<readonly [labels: { readonly [label: string]: string }, value: number]>;

const KINDS: ReadonlySet<string> = new Set(UPDATE_KINDS);
const METHOD_NAMES: ReadonlySet<string> = new Set(Object.keys(METHODS));

export class Metrics {
  readonly #server: number;
  readonly #look: () => Vitals;
  /** As they were when somebody last asked. */
  #vitals: Vitals;
  readonly #registry = new Registry();
  readonly #subscriptions: (() => void)[] = [];

  /** @param server which server of this process */
  constructor(server: number, vitals: () => Vitals) {
    this.#server = server;
    this.#look = vitals;
    this.#vitals = vitals();
    this.#countUpdates();
    this.#countEvents();
    this.#countWorkers();
    this.#countSends();
    this.#lookAtVitals();
    this.#lookAtThreads();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus's text format. */
  text(): Promise<string> {
    this.#vitals = this.#look();
    return this.#registry.metrics();
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }

  // ---- what happens ----

  #countUpdates(): void {
    const updates = this.#tally("asgigram_updates_received_total", "kind");
    this.#on("asgigram:update", ({ kind }) => updates.add(KINDS.has(kind) ? kind : OTHER));
    const polls = this.#tally("asgigram_polls_total", "outcome", ["updates", "empty", "failed"]);
    this.#on("asgigram:poll", ({ outcome }) => polls.add(outcome));
  }

  #countEvents(): void {
    const waits = this.#histogram("asgigram_event_wait_seconds");
    this.#on("asgigram:delivery", ({ wait }) => waits.observe(wait / 1000));
    const ends = this.#tally("asgigram_events_settled_total", "outcome", ["settled", "failed", "condemned"]);
    const handlings = this.#histogram("asgigram_event_handling_seconds");
    this.#on("asgigram:settled", ({ outcome, duration }) => {
      ends.add(outcome);
      handlings.observe(duration / 1000);
    });
    const letters = this.#tally("asgigram_dead_letters_total", "cause", ["failed", "condemned", "unreadable"]);
    this.#on("asgigram:dead-letter", ({ cause }) => letters.add(cause));
  }

  #countWorkers(): void {
    const causes = ["crash", "memory", "stall", "start", "other", "reload", "recycle-after", "memory-limit"];
    const restarts = this.#tally("asgigram_worker_restarts_total", "cause", causes);
    let stalls = 0;
    this.#on("asgigram:worker", ({ state, cause = "other" }) => {
      if (state === "gone" || state === "replaced") restarts.add(cause);
      if (state === "stalled") stalls += 1;
    });
    this.#read("asgigram_worker_stalls_total", () => one(stalls));
  }

  #countSends(): void {
    const outcomes = { ok: new Tally(), refused: new Tally(), unknown: new Tally(), unsent: new Tally() };
    const durations = this.#histogram("asgigram_send_seconds");
    this.#on("asgigram:send", ({ method, outcome, duration }) => {
      outcomes[outcome].add(METHOD_NAMES.has(method) ? method : OTHER);
      durations.observe(duration / 1000);
    });
    this.#read("asgigram_sends_total", () =>
      Object.entries(outcomes).flatMap(([outcome, tally]) =>
        [...tally.counts].map(([method, count]) => [{ method, outcome }, count] as const),
      ),
    );
    const retries = this.#tally("asgigram_send_retries_total", "cause", ["refused", "failed", "moved"]);
    this.#on("asgigram:retry", ({ cause }) => retries.add(cause));
  }

  // ---- how things are ----

  #lookAtVitals(): void {
    const look = (name: MetricName, value: (vitals: Vitals) => number) =>
      this.#read(name, () => one(value(this.#vitals)));
    look("asgigram_last_poll_timestamp_seconds", ({ polls }) => polls.lastSuccess / 1000);
    look("asgigram_inbox_events", ({ unsettled }) => unsettled);
    look("asgigram_inbox_oldest_age_seconds", ({ oldest }) => (oldest === undefined ? 0 : since(oldest)));
    look("asgigram_inbox_full", ({ isFull }) => Number(isFull));
    look("asgigram_events_in_flight", ({ inFlight }) => inFlight);
    look("asgigram_sends_pending", ({ sends }) => sends.pending);
    look("asgigram_lanes_paused", ({ sends }) => sends.paused);
    look("asgigram_workers", ({ workers }) => workers.length);
    look("asgigram_workers_up", ({ workers }) => workers.filter(({ isUp }) => isUp).length);
    this.#read("asgigram_instances_dropped_total", () =>
      Object.entries(this.#vitals.dropped).map(([reason, count]) => [{ reason }, count] as const),
    );
  }

  #lookAtThreads(): void {
    const workers = (value: (condition: Vitals["workers"][number]["condition"]) => number): Samples =>
      this.#vitals.workers.map(({ number, condition }) => [{ thread: `${number}` }, value(condition)] as const);
    const main = { thread: "main" };
    const heap = () => getHeapStatistics();
    this.#read("asgigram_instances", () => workers(({ instances }) => instances));
    this.#read("asgigram_event_loop_active_seconds_total", () => [
      [main, performance.eventLoopUtilization().active / 1000],
      ...workers(({ active }) => active / 1000),
    ]);
    this.#read("asgigram_heap_bytes", () => [[main, heap().used_heap_size], ...workers(({ heap }) => heap)]);
    this.#read("asgigram_external_memory_bytes", () => [
      [main, heap().external_memory],
      ...workers(({ external }) => external),
    ]);
    this.#read("process_cpu_seconds_total", () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    });
    this.#read("process_resident_memory_bytes", () => one(process.memoryUsage.rss()));
    this.#read("process_start_time_seconds", () => one(performance.timeOrigin / 1000));
  }

  // ---- the parts that it is made of ----

  /** There may be several servers in one process. */
  #on<Name extends keyof Messages>(name: Name, listener: (message: Messages[Name]) => void): void {
    const server = this.#server;
    const own = (message: Messages[Name] & FromServer) => void (message.server === server && listener(message));
    this.#subscriptions.push(subscribe(name, own));
  }

  #read(name: MetricName, read: () => Samples): void {
    const { type, help, labels = {} } = metricAt(name);
    const options = { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    if (type === "counter") {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.set(labels, value);
        },
      });
    }
  }

  /** @param values of the label that are there from the start */
  #tally(name: MetricName, label: string, values: readonly string[] = []): Tally {
    const tally = new Tally(values);
    this.#read(name, () => [...tally.counts].map(([value, count]) => [{ [label]: value }, count] as const));
    return tally;
  }

  #histogram(name: MetricName): Histogram {
    const { help, buckets } = metricAt(name);
    return new Histogram({ name, help, buckets: [...buckets!], registers: [this.#registry] });
  }
}

/** Where a name comes from outside, those that are not known share one label. */
const OTHER = "other";

/** Counts by one label's value. A label set of prom-client's would have to be hashed each time. */
class Tally {
  readonly counts: Map<string, number>;

  constructor(values: readonly string[] = []) {
    this.counts = new Map(values.map((value) => [value, 0]));
  }

  add(value: string): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }
}

function one(value: number): Samples {
  return [[{}, value]];
}

/** Seconds. */
function since(time: number): number {
  return Math.max(0, Date.now() - time) / 1000;
}
