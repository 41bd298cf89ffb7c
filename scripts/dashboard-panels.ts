/** The panels of the Grafana dashboard (generate-dashboard.ts) and their queries in PromQL. */

import type { MetricName } from "../src/observe/metric-table.ts";

export type Query =
  /** A counter, per second. */
  | { readonly rate: MetricName; readonly by?: string }
  | { readonly value: MetricName; readonly by?: string; readonly legend?: string }
  /** Of a histogram. */
  | { readonly quantile: number; readonly of: MetricName; readonly legend: string }
  /** Seconds since a point in time. */
  | { readonly since: MetricName; readonly legend: string };

export interface Panel {
  readonly title: string;
  /** A unit by its name in Grafana. */
  readonly unit: "short" | "cps" | "s" | "bytes" | "percentunit";
  readonly queries: readonly Query[];
}

export const PANELS: readonly Panel[] = [
  {
    title: "Updates received, by kind",
    unit: "cps",
    queries: [{ rate: "asgigram_updates_received_total", by: "kind" }],
  },
  {
    title: "Events that ended, by outcome",
    unit: "cps",
    queries: [{ rate: "asgigram_events_settled_total", by: "outcome" }],
  },
  {
    title: "Events not settled",
    unit: "short",
    queries: [
      { value: "asgigram_inbox_events", legend: "in the inbox" },
      { value: "asgigram_events_posted", legend: "at the workers" },
    ],
  },
  {
    title: "Time to delivery and to the end",
    unit: "s",
    queries: [
      { quantile: 0.5, of: "asgigram_event_wait_seconds", legend: "wait, median" },
      { quantile: 0.95, of: "asgigram_event_wait_seconds", legend: "wait, 95 %" },
      { quantile: 0.5, of: "asgigram_event_handling_seconds", legend: "handling, median" },
      { quantile: 0.95, of: "asgigram_event_handling_seconds", legend: "handling, 95 %" },
    ],
  },
  {
    title: "Shards of a shared inbox",
    unit: "short",
    queries: [
      { value: "asgigram_inbox_shards", legend: "shards" },
      { value: "asgigram_inbox_polls", legend: "polls" },
    ],
  },
  {
    title: "Moves of shards, by cause",
    unit: "cps",
    queries: [{ rate: "asgigram_inbox_moves_total", by: "cause" }, { rate: "asgigram_inbox_refused_total" }],
  },
  {
    title: "Age of the leases",
    unit: "s",
    queries: [{ value: "asgigram_inbox_lease_age_seconds", legend: "age" }],
  },
  {
    title: "Age of the oldest event",
    unit: "s",
    queries: [{ value: "asgigram_inbox_oldest_age_seconds", legend: "age" }],
  },
  {
    title: "Dead letters, by cause",
    unit: "cps",
    queries: [{ rate: "asgigram_dead_letters_total", by: "cause" }],
  },
  {
    title: "Sends, by method",
    unit: "cps",
    queries: [{ rate: "asgigram_sends_total", by: "method" }],
  },
  {
    title: "Sends, by outcome, and retries",
    unit: "cps",
    queries: [
      { rate: "asgigram_sends_total", by: "outcome" },
      { rate: "asgigram_send_retries_total", by: "cause" },
    ],
  },
  {
    title: "Time of a send",
    unit: "s",
    queries: [
      { quantile: 0.5, of: "asgigram_send_seconds", legend: "median" },
      { quantile: 0.95, of: "asgigram_send_seconds", legend: "95 %" },
    ],
  },
  {
    title: "Sends pending, lanes paused",
    unit: "short",
    queries: [
      { value: "asgigram_sends_pending", legend: "pending" },
      { value: "asgigram_lanes_paused", legend: "paused" },
    ],
  },
  {
    title: "Workers that are up",
    unit: "short",
    queries: [
      { value: "asgigram_workers_up", legend: "up" },
      { value: "asgigram_workers", legend: "wanted" },
    ],
  },
  {
    title: "Worker restarts, by cause",
    unit: "cps",
    queries: [{ rate: "asgigram_worker_restarts_total", by: "cause" }],
  },
  {
    title: "Event-loop utilization, by thread",
    unit: "percentunit",
    queries: [{ rate: "asgigram_event_loop_active_seconds_total", by: "thread" }],
  },
  {
    title: "Heap, by thread",
    unit: "bytes",
    queries: [{ value: "asgigram_heap_bytes", by: "thread" }],
  },
  {
    title: "Instances, by thread",
    unit: "short",
    queries: [{ value: "asgigram_instances", by: "thread" }],
  },
  {
    title: "Since the last successful poll",
    unit: "s",
    queries: [{ since: "asgigram_last_poll_timestamp_seconds", legend: "up to 50 s is healthy" }],
  },
];

const WHICH = '{job=~"$job",instance=~"$instance"}';

export function promQlOf(query: Query): string {
  if ("rate" in query) return sum(`rate(${query.rate}${WHICH}[$__rate_interval])`, query.by);
  if ("value" in query) return sum(`${query.value}${WHICH}`, query.by);
  if ("since" in query) return `time() - max(${query.since}${WHICH})`;
  return `histogram_quantile(${query.quantile}, ${sum(`rate(${query.of}_bucket${WHICH}[$__rate_interval])`, "le")})`;
}

function sum(expression: string, by: string | undefined): string {
  return by === undefined ? `sum(${expression})` : `sum by (${by}) (${expression})`;
}

/** The name of a line in the legend; `{{kind}}` stands for the label's value. */
export function legendOf(query: Query): string {
  if ("by" in query && query.by !== undefined) return `{{${query.by}}}`;
  return ("legend" in query ? query.legend : undefined) ?? "total";
}
