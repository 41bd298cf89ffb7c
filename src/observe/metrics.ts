/** The metrics of one server. Counters follow the channels (channels.ts); gauges read the server's status at each scrape. */

import { getHeapStatistics } from "node:v8";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { METHODS } from "../protocol/method-table.ts";
import { UPDATE_KINDS } from "../protocol/route.ts";
import { type FromServer, type Messages, subscribe } from "./channels.ts";
import { type MetricName, metricAt } from "./metric-table.ts";
import type { Status } from "./status.ts";

/** Values with their labels. */
type Samples = Iterable<readonly [labels: { readonly [label: string]: string }, value: number]>;

const KINDS: ReadonlySet<string> = new Set(UPDATE_KINDS);
const METHOD_NAMES: ReadonlySet<string> = new Set(Object.keys(METHODS));

export class Metrics {
  readonly #server: number;
  readonly #currentStatus: () => Status;
  /** As of the last scrape. */
  #status: Status;
  readonly #registry = new Registry();
  readonly #subscriptions: (() => void)[] = [];

  /** @param server `RunningServer.id` */
  constructor(server: number, status: () => Status) {
    this.#server = server;
    this.#currentStatus = status;
    this.#status = status();
    this.#countUpdates();
    this.#countEvents();
    this.#countWorkers();
    this.#countSends();
    this.#countJobs();
    this.#exportStatus();
    this.#exportThreads();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus's text format. */
  text(): Promise<string> {
    this.#status = this.#currentStatus();
    return this.#registry.metrics();
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }

  // ---- counters ----

  #countUpdates(): void {
    const updates = this.#tally("asgigram_updates_received_total", "kind");
    this.#on("asgigram:received", ({ kind }) => updates.add(KINDS.has(kind) ? kind : OTHER));
    const polls = this.#tally("asgigram_polls_total", "outcome", ["updates", "empty", "failed"]);
    this.#on("asgigram:poll", ({ outcome }) => polls.add(outcome));
  }

  #countEvents(): void {
    const waits = this.#histogram("asgigram_event_wait_seconds");
    this.#on("asgigram:posted", ({ wait }) => waits.observe(wait / 1000));
    const settled = this.#tally("asgigram_events_settled_total", "outcome", ["settled", "failed", "dead_lettered"]);
    const handlings = this.#histogram("asgigram_event_handling_seconds");
    this.#on("asgigram:settled", ({ outcome, duration }) => {
      settled.add(outcome);
      handlings.observe(duration / 1000);
    });
    const deadLetters = this.#tally("asgigram_dead_letters_total", "cause", [
      "failed",
      "worker_died",
      "timed_out",
      "unreadable",
    ]);
    this.#on("asgigram:dead-letter", ({ cause }) => deadLetters.add(cause));
  }

  #countWorkers(): void {
    const causes = ["crash", "memory", "stall", "start", "other", "reload", "recycle-after", "memory-limit"];
    const restarts = this.#tally("asgigram_worker_restarts_total", "cause", causes);
    let stalls = 0;
    this.#on("asgigram:worker", ({ state, cause = "other" }) => {
      if (state === "died" || state === "replaced") restarts.add(cause);
      if (state === "stalled") stalls += 1;
    });
    this.#export("asgigram_worker_stalls_total", () => one(stalls));
  }

  #countSends(): void {
    const outcomes = { ok: new Tally(), refused: new Tally(), unknown: new Tally(), unsent: new Tally() };
    const durations = this.#histogram("asgigram_send_seconds");
    this.#on("asgigram:send", ({ method, outcome, duration }) => {
      outcomes[outcome].add(METHOD_NAMES.has(method) ? method : OTHER);
      durations.observe(duration / 1000);
    });
    this.#export("asgigram_sends_total", () =>
      Object.entries(outcomes).flatMap(([outcome, tally]) =>
        [...tally.counts].map(([method, count]) => [{ method, outcome }, count] as const),
      ),
    );
    const retries = this.#tally("asgigram_send_retries_total", "cause", ["refused", "failed", "moved"]);
    this.#on("asgigram:retry", ({ cause }) => retries.add(cause));
  }

  #countJobs(): void {
    const waits = this.#histogram("asgigram_job_wait_seconds");
    const runs = this.#histogram("asgigram_job_run_seconds");
    this.#on("asgigram:job", ({ module, wait, duration }) => {
      waits.observe({ module }, wait / 1000);
      runs.observe({ module }, duration / 1000);
    });
    const read = (name: MetricName, value: (status: Status["heavy"][number]) => number) =>
      this.#export(name, () => this.#status.heavy.map((module) => [{ module: module.module }, value(module)] as const));
    read("asgigram_jobs_running", ({ running }) => running);
    read("asgigram_jobs_waiting", ({ waiting }) => waiting);
    read("asgigram_heavy_threads", ({ threads }) => threads);
    read("asgigram_heavy_thread_crashes_total", ({ crashes }) => crashes);
  }

  // ---- gauges ----

  /** Of an inbox that several servers share. */
  #exportShare(): void {
    const read = (name: MetricName, values: (share: NonNullable<Status["share"]>) => Samples) =>
      this.#export(name, () => (this.#status.share === undefined ? [] : values(this.#status.share)));
    read("asgigram_inbox_shards", ({ shards }) => one(shards));
    read("asgigram_inbox_polls", ({ polls }) => one(Number(polls)));
    read("asgigram_inbox_lease_age_seconds", ({ age }) => one(age / 1000));
    read("asgigram_inbox_refused_total", ({ refused }) => one(refused));
    read("asgigram_inbox_rate_limit", ({ rate }) => (rate === undefined ? [] : one(rate)));
    read("asgigram_inbox_moves_total", ({ moves }) =>
      Object.entries(moves).map(([cause, count]) => [{ cause }, count] as const),
    );
  }

  #exportStatus(): void {
    const read = (name: MetricName, value: (status: Status) => number) =>
      this.#export(name, () => one(value(this.#status)));
    read("asgigram_last_poll_timestamp_seconds", ({ source }) => source.lastSuccess / 1000);
    read("asgigram_inbox_events", ({ unsettled }) => unsettled);
    read("asgigram_inbox_oldest_age_seconds", ({ oldest }) => (oldest === undefined ? 0 : since(oldest)));
    read("asgigram_inbox_full", ({ fullSince }) => Number(fullSince !== undefined));
    this.#exportShare();
    read("asgigram_events_posted", ({ posted }) => posted);
    read("asgigram_sends_pending", ({ sends }) => sends.pending);
    read("asgigram_lanes_paused", ({ sends }) => sends.paused);
    read("asgigram_workers", ({ workers }) => workers.length);
    read("asgigram_workers_up", ({ workers }) => workers.filter(({ isUp }) => isUp).length);
    this.#export("asgigram_webhook_requests_total", () =>
      Object.entries(this.#status.source.webhook?.requests ?? {}).map(
        ([outcome, count]) => [{ outcome }, count] as const,
      ),
    );
    this.#export("asgigram_webhook_pending_updates", () => {
      const { webhook } = this.#status.source;
      return webhook === undefined ? [] : one(webhook.pending);
    });
    this.#export("asgigram_instances_dropped_total", () =>
      Object.entries(this.#status.droppedInstances).map(([reason, count]) => [{ reason }, count] as const),
    );
  }

  #exportThreads(): void {
    const workers = (value: (condition: Status["workers"][number]["condition"]) => number): Samples =>
      this.#status.workers.map(({ number, condition }) => [{ thread: `${number}` }, value(condition)] as const);
    const main = { thread: "main" };
    const heap = () => getHeapStatistics();
    this.#export("asgigram_instances", () => workers(({ instances }) => instances));
    this.#export("asgigram_event_loop_active_seconds_total", () => [
      [main, performance.eventLoopUtilization().active / 1000],
      ...workers(({ active }) => active / 1000),
    ]);
    this.#export("asgigram_heap_bytes", () => [[main, heap().used_heap_size], ...workers(({ heap }) => heap)]);
    this.#export("asgigram_external_memory_bytes", () => [
      [main, heap().external_memory],
      ...workers(({ external }) => external),
    ]);
    this.#export("process_cpu_seconds_total", () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    });
    this.#export("process_resident_memory_bytes", () => one(process.memoryUsage.rss()));
    this.#export("process_start_time_seconds", () => one(performance.timeOrigin / 1000));
  }

  // ---- helpers ----

  /** Subscribes to this server's messages: a process may have several servers. */
  #on<Name extends keyof Messages>(name: Name, listener: (message: Messages[Name]) => void): void {
    const server = this.#server;
    const own = (message: Messages[Name] & FromServer) => void (message.server === server && listener(message));
    this.#subscriptions.push(subscribe(name, own));
  }

  #export(name: MetricName, read: () => Samples): void {
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

  /** @param values label values that are exported from the start, as zero */
  #tally(name: MetricName, label: string, values: readonly string[] = []): Tally {
    const tally = new Tally(values);
    this.#export(name, () => [...tally.counts].map(([value, count]) => [{ [label]: value }, count] as const));
    return tally;
  }

  #histogram(name: MetricName): Histogram {
    const { help, labels = {}, buckets } = metricAt(name);
    const labelNames = Object.keys(labels);
    return new Histogram({ name, help, labelNames, buckets: [...buckets!], registers: [this.#registry] });
  }
}

/** The label of all names from outside that this version does not know. */
const OTHER = "other";

/** Counts by the value of one label. Cheaper than a Counter of prom-client, which hashes its labels each time. */
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
