/** All metrics. /metrics, docs/metrics.md and the check of the dashboard are made from this table. */

export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  /** One line, without a full stop. */
  readonly help: string;
  /** The values of each label. */
  readonly labels?: { readonly [label: string]: string };
  readonly buckets?: readonly number[];
}

const KIND = "an update kind; `other` if this version does not know it";
const METHOD = "a Bot API method; `other` if this version does not know it";
const MODULE = "path of a module of offload()";
const THREAD = "`main`, or the number of a worker";
/** From a millisecond to an hour: an application may be busy for that long. */
const WAITS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3600];
/** Telegram seldom answers within 20 ms. After a 429 the answer may take a minute. */
const ANSWERS = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export const METRICS = {
  asgigram_updates_received_total: {
    type: "counter",
    help: "Updates received and stored",
    labels: { kind: KIND },
  },
  asgigram_polls_total: {
    type: "counter",
    help: "Long polls that have ended",
    labels: { outcome: "`updates`, `empty` or `failed`" },
  },
  asgigram_last_poll_timestamp_seconds: {
    type: "gauge",
    help: "End of the last successful poll, or check of the webhook, or start of the server, in seconds since 1970. A healthy poll takes up to 50 s",
  },
  asgigram_webhook_requests_total: {
    type: "counter",
    help: "Telegram's requests to the webhook",
    labels: {
      outcome:
        "`stored`; `postponed`: there was no room; `refused`: not sent by Telegram; `failed`: broken off, too long, no JSON",
    },
  },
  asgigram_webhook_pending_updates: {
    type: "gauge",
    help: "Updates that wait at Telegram, at the last check of the webhook",
  },
  asgigram_inbox_events: {
    type: "gauge",
    help: "Unsettled events, at the workers or waiting for them",
  },
  asgigram_inbox_oldest_age_seconds: {
    type: "gauge",
    help: "Age of the oldest unsettled event; 0 if there is none",
  },
  asgigram_inbox_full: {
    type: "gauge",
    help: "Polling pauses because too many events are unsettled: 0 or 1",
  },
  asgigram_inbox_shards: {
    type: "gauge",
    help: "Of the 256 shards of an inbox in a database: those of this server",
  },
  asgigram_inbox_polls: {
    type: "gauge",
    help: "This server polls for all that share the inbox in a database: 0 or 1",
  },
  asgigram_inbox_lease_age_seconds: {
    type: "gauge",
    help: "Time since this server last renewed its leases in the database; from 3 s on nothing begins, and after 4 s others may take over",
  },
  asgigram_inbox_moves_total: {
    type: "counter",
    help: "Shards that moved",
    labels: {
      cause: "`taken`; `released` to another server's share; `lost`: others took it, since leases were not renewed",
    },
  },
  asgigram_inbox_refused_total: {
    type: "counter",
    help: "Deliveries that did not begin, because another server had taken the shard, or had settled the event",
  },
  asgigram_inbox_rate_limit: {
    type: "gauge",
    help: "Calls a second that this server may make now: its part of --rate-limit, which servers with an inbox in a database share",
  },
  asgigram_events_posted: {
    type: "gauge",
    help: "Events posted to workers and not settled",
  },
  asgigram_events_settled_total: {
    type: "counter",
    help: "Events that have ended",
    labels: {
      outcome:
        "`settled`; `failed`: the application threw; `dead_lettered`: it killed its worker too often, or blocked it for longer than its time limit",
    },
  },
  asgigram_event_wait_seconds: {
    type: "histogram",
    help: "Time from storing an update to posting it to a worker; every attempt counts",
    buckets: WAITS,
  },
  asgigram_event_handling_seconds: {
    type: "histogram",
    help: "Time from posting an event to its end, including the worker's earlier work",
    buckets: WAITS,
  },
  asgigram_dead_letters_total: {
    type: "counter",
    help: "New dead letters",
    labels: {
      cause:
        "`failed`: the application threw; `worker_died`: the event killed its worker or the process; `timed_out`: it blocked its worker for longer than its time limit; `unreadable`: not an update",
    },
  },
  asgigram_workers: {
    type: "gauge",
    help: "Configured workers",
  },
  asgigram_workers_up: {
    type: "gauge",
    help: "Workers ready for events",
  },
  asgigram_worker_restarts_total: {
    type: "counter",
    help: "Workers that died or were replaced",
    labels: {
      cause:
        "`crash`: an uncaught error or process.exit(); `memory`: its heap was full; `stall`; `start`: the application did not start; `other`; replaced: `reload`, `recycle-after`, `memory-limit`",
    },
  },
  asgigram_worker_stalls_total: {
    type: "counter",
    help: "Reports of a worker whose event loop stood still",
  },
  asgigram_instances: {
    type: "gauge",
    help: "Application instances: one per chat or user; with --line one per topic or member",
    labels: { thread: THREAD },
  },
  asgigram_instances_dropped_total: {
    type: "counter",
    help: "Idle application instances dropped",
    labels: { reason: "`idle`: idle for --idle-timeout; `evicted`: more than --max-applications" },
  },
  asgigram_event_loop_active_seconds_total: {
    type: "counter",
    help: "Active time of the thread's event loop. Its rate is the utilization, 0 to 1",
    labels: { thread: THREAD },
  },
  asgigram_heap_bytes: {
    type: "gauge",
    help: "Used heap of the thread",
    labels: { thread: THREAD },
  },
  asgigram_external_memory_bytes: {
    type: "gauge",
    help: "Memory outside the heap that heap objects hold, such as Buffers",
    labels: { thread: THREAD },
  },
  asgigram_sends_total: {
    type: "counter",
    help: "Bot API calls of applications that were answered or given up",
    labels: {
      method: METHOD,
      outcome:
        "`ok`; `refused`: Telegram said no; `unknown`: Telegram may have carried it out; `unsent`: Telegram did not get it",
    },
  },
  asgigram_send_seconds: {
    type: "histogram",
    help: "Time from a call to its answer, including its wait in the chat's lane and its retries",
    buckets: ANSWERS,
  },
  asgigram_send_retries_total: {
    type: "counter",
    help: "Retries of calls",
    labels: { cause: "`refused`: a 429; `failed`: no answer, or a 5xx; `moved`: the chat has a new id" },
  },
  asgigram_sends_pending: {
    type: "gauge",
    help: "Calls without an answer so far",
  },
  asgigram_lanes_paused: {
    type: "gauge",
    help: "Calls that wait before they are made, after a 429 or a failure or for the rate limit; their lanes wait with them",
  },
  asgigram_jobs_running: {
    type: "gauge",
    help: "Jobs of offload() in heavy threads",
    labels: { module: MODULE },
  },
  asgigram_jobs_waiting: {
    type: "gauge",
    help: "Jobs of offload() that wait for a heavy thread",
    labels: { module: MODULE },
  },
  asgigram_job_wait_seconds: {
    type: "histogram",
    help: "Time that a job waited for a heavy thread",
    labels: { module: MODULE },
    buckets: WAITS,
  },
  asgigram_job_run_seconds: {
    type: "histogram",
    help: "Time that a job had a heavy thread",
    labels: { module: MODULE },
    buckets: WAITS,
  },
  asgigram_heavy_threads: {
    type: "gauge",
    help: "Heavy threads, those that start or end included",
    labels: { module: MODULE },
  },
  asgigram_heavy_thread_crashes_total: {
    type: "counter",
    help: "Heavy threads and child processes that died by themselves",
    labels: { module: MODULE },
  },
  process_cpu_seconds_total: {
    type: "counter",
    help: "User and system time of the process",
  },
  process_resident_memory_bytes: {
    type: "gauge",
    help: "Resident memory of the process",
  },
  process_start_time_seconds: {
    type: "gauge",
    help: "Start of the process, in seconds since 1970",
  },
} as const satisfies { readonly [name: string]: Metric };

export type MetricName = keyof typeof METRICS;

/** The row as a Metric: with optional labels and buckets. */
export function metricAt(name: MetricName): Metric {
  return METRICS[name];
}
