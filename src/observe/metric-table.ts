/** Every metric, once: /metrics, docs/metrics.md and the check of the dashboard come from this table. */

export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  /** One line, without a full stop. */
  readonly help: string;
  /** What each label may be. */
  readonly labels?: { readonly [label: string]: string };
  readonly buckets?: readonly number[];
}

const KIND = "a kind of update; `other` for one that this version does not know";
const METHOD = "a method of the Bot API; `other` for one that this version does not know";
const THREAD = "`main`, or the number of a worker";
/** From a millisecond to an hour: events may wait for as long as an application thinks. */
const WAITS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3600];
/** Telegram seldom answers within less than 20 ms; a 429 may mean a minute. */
const ANSWERS = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export const METRICS = {
  asgigram_updates_received_total: {
    type: "counter",
    help: "Updates received and stored",
    labels: { kind: KIND },
  },
  asgigram_polls_total: {
    type: "counter",
    help: "Long polls that are over",
    labels: { outcome: "`updates`, `empty` or `failed`" },
  },
  asgigram_last_poll_timestamp_seconds: {
    type: "gauge",
    help: "When the last successful poll was over, or the server started. A healthy one takes up to 50 s",
  },
  asgigram_inbox_events: {
    type: "gauge",
    help: "Events that are not settled, at the workers or waiting for them",
  },
  asgigram_inbox_oldest_age_seconds: {
    type: "gauge",
    help: "How long ago the oldest of them was received",
  },
  asgigram_inbox_full: {
    type: "gauge",
    help: "Whether polling pauses because so much is unsettled: 0 or 1",
  },
  asgigram_events_in_flight: {
    type: "gauge",
    help: "Events at the workers",
  },
  asgigram_events_settled_total: {
    type: "counter",
    help: "Events that came to their end",
    labels: { outcome: "`settled`; `failed`: the application threw; `condemned`: it killed its worker too often" },
  },
  asgigram_event_wait_seconds: {
    type: "histogram",
    help: "From an update being stored to its delivery to a worker; each delivery counts",
    buckets: WAITS,
  },
  asgigram_event_handling_seconds: {
    type: "histogram",
    help: "From an event's delivery to its end, with what its worker had to do before it",
    buckets: WAITS,
  },
  asgigram_dead_letters_total: {
    type: "counter",
    help: "Events and other things put with the dead letters",
    labels: {
      cause:
        "`failed`: the application threw; `condemned`: it killed its worker, or the process; `unreadable`: no update",
    },
  },
  asgigram_workers: {
    type: "gauge",
    help: "Workers that there should be",
  },
  asgigram_workers_up: {
    type: "gauge",
    help: "Workers that are ready for events",
  },
  asgigram_worker_restarts_total: {
    type: "counter",
    help: "Workers that had to be started again, or were replaced",
    labels: {
      cause:
        "`crash`: an uncaught error or process.exit(); `memory`: its heap was full; `stall`; `start`: the application did not start; `other`; replaced on purpose: `reload`, `recycle-after`, `memory-limit`",
    },
  },
  asgigram_worker_stalls_total: {
    type: "counter",
    help: "Times that a worker's event loop stood still for long enough to be reported",
  },
  asgigram_instances: {
    type: "gauge",
    help: "Application instances",
    labels: { thread: THREAD },
  },
  asgigram_instances_dropped_total: {
    type: "counter",
    help: "Instances dropped because they were idle",
    labels: { reason: "`idle`: for --idle-timeout; `evicted`: there were more than --max-applications" },
  },
  asgigram_event_loop_active_seconds_total: {
    type: "counter",
    help: "How long the thread's event loop was at work: its rate is its utilization, 0 to 1",
    labels: { thread: THREAD },
  },
  asgigram_heap_bytes: {
    type: "gauge",
    help: "The thread's heap in use",
    labels: { thread: THREAD },
  },
  asgigram_external_memory_bytes: {
    type: "gauge",
    help: "Memory outside the heap that hangs on it, such as Buffers",
    labels: { thread: THREAD },
  },
  asgigram_sends_total: {
    type: "counter",
    help: "Calls of the Bot API that applications made and that were answered or given up",
    labels: {
      method: METHOD,
      outcome:
        "`ok`; `refused`: Telegram said no; `unknown`: it may have been carried out; `unsent`: it certainly was not",
    },
  },
  asgigram_send_seconds: {
    type: "histogram",
    help: "From a call being made to its answer, with its turn in its chat's lane and its repetitions",
    buckets: ANSWERS,
  },
  asgigram_send_retries_total: {
    type: "counter",
    help: "Calls that were made again",
    labels: { cause: "`refused`: a 429; `failed`: no answer, or a 5xx; `moved`: the chat has become another" },
  },
  asgigram_sends_pending: {
    type: "gauge",
    help: "Calls that have not been answered",
  },
  asgigram_lanes_paused: {
    type: "gauge",
    help: "Calls that wait before they are made, and their chats with them: after a 429 or a failure, or for the rate limit",
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
    help: "When the process started, in seconds since 1970",
  },
} as const satisfies { readonly [name: string]: Metric };

export type MetricName = keyof typeof METRICS;

/** The buckets of a histogram, which may be absent in the others. */
export function metricAt(name: MetricName): Metric {
  return METRICS[name];
}
