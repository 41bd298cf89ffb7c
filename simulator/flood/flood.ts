/**
 * People of its own who write to the bot at a rate, each in a chat of their own, and the time until the bot's first call to that chat:
 *
 *   idle -- start --> running -- stop, or its time is over --> idle
 *
 * Messages that are late because the process was busy are sent at once, up to one second of them; the others are left out.
 */

import type { Perform } from "../clients/actions/actions.ts";
import type { CallLog, RecordedCall } from "../state/call-log.ts";
import { clearTimeout, now, setTimeout } from "../state/real-time.ts";
import { percentile } from "./percentile.ts";

export interface FloodOptions {
  readonly people: number;
  /** Messages a second, of all together. */
  readonly rate: number;
  /** Default 60. */
  readonly seconds?: number;
  /** Default: the number of the message. */
  readonly text?: string;
}

/** The figures of one second. Times are milliseconds, undefined if no message was answered. */
export interface FloodSecond {
  /** From 1. */
  readonly second: number;
  readonly sent: number;
  readonly answered: number;
  /** Messages without an answer at its end. */
  readonly waiting: number;
  readonly p50?: number;
  readonly p99?: number;
}

export interface FloodState {
  readonly isRunning: boolean;
  readonly people: number;
  readonly rate: number;
  readonly sent: number;
  readonly answered: number;
  readonly waiting: number;
  /** The latest. */
  readonly seconds: readonly FloodSecond[];
}

const TICK = 20;
const SECOND = 1000;
const DEFAULT_SECONDS = 60;
/** Figures that are kept. */
const MOST_SECONDS = 300;

const NOTHING: FloodState = { isRunning: false, people: 0, rate: 0, sent: 0, answered: 0, waiting: 0, seconds: [] };

export class Flood {
  readonly #perform: Perform;
  readonly #calls: CallLog;
  readonly #observers = new Set<(state: FloodState) => void>();
  #run: Run | undefined;

  constructor({ perform, calls }: { perform: Perform; calls: CallLog }) {
    this.#perform = perform;
    this.#calls = calls;
  }

  get state(): FloodState {
    return this.#run?.state ?? NOTHING;
  }

  /** Calls `observer` each second of a flood, and at its beginning and end, until the returned function is called. */
  observe(observer: (state: FloodState) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Ends the flood before, if there is one. Resolves when its people are there. */
  async start(options: FloodOptions): Promise<FloodState> {
    this.stop();
    const run = new Run(options, this.#perform, this.#calls, (state) => {
      if (this.#run === run) for (const observer of this.#observers) observer(state);
    });
    this.#run = run;
    await run.start();
    return run.state;
  }

  stop(): FloodState {
    this.#run?.stop();
    return this.state;
  }
}

class Run {
  readonly #options: FloodOptions;
  readonly #perform: Perform;
  readonly #calls: CallLog;
  readonly #tell: (state: FloodState) => void;
  readonly #people: number[] = [];
  /** Times of messages without an answer, by chat, the oldest first. */
  readonly #waiting = new Map<string, number[]>();
  readonly #seconds: FloodSecond[] = [];
  /** Seconds whose figures are kept no longer. */
  #dropped = 0;
  /** The answers of this second: milliseconds. */
  #latencies: number[] = [];
  #isRunning = true;
  #began = 0;
  #sent = 0;
  #skipped = 0;
  #answered = 0;
  #sentBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopObserving = () => {};

  constructor(options: FloodOptions, perform: Perform, calls: CallLog, tell: (state: FloodState) => void) {
    this.#options = options;
    this.#perform = perform;
    this.#calls = calls;
    this.#tell = tell;
  }

  get state(): FloodState {
    const { people, rate } = this.#options;
    return {
      isRunning: this.#isRunning,
      people,
      rate,
      sent: this.#sent,
      answered: this.#answered,
      waiting: this.#sent - this.#answered,
      seconds: [...this.#seconds],
    };
  }

  async start(): Promise<void> {
    for (let n = 1; n <= this.#options.people; n++) {
      const { id } = await this.#perform("user", { name: `Flood ${n}` });
      this.#people.push(id);
    }
    if (!this.#isRunning) return;
    this.#stopObserving = this.#calls.observe((call) => this.#called(call));
    this.#began = now();
    this.#tell(this.state);
    this.#tick();
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#stopObserving();
    this.#tell(this.state);
  }

  #tick(): void {
    const { rate, seconds = DEFAULT_SECONDS } = this.#options;
    const elapsed = now() - this.#began;
    while (elapsed >= SECOND * (this.#seconds.length + this.#dropped + 1)) this.#closeSecond();
    if (elapsed >= SECOND * seconds) return this.stop();
    const due = Math.floor((elapsed * rate) / SECOND) - this.#sent - this.#skipped;
    const most = Math.max(1, Math.ceil(rate));
    this.#skipped += Math.max(0, due - most);
    for (let n = 0; n < Math.min(due, most); n++) this.#send();
    this.#timer = setTimeout(() => this.#tick(), TICK);
  }

  #send(): void {
    const user_id = this.#people[this.#sent % this.#people.length]!;
    const key = String(user_id);
    this.#sent += 1;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [now()]);
    else waiting.push(now());
    const { text = String(this.#sent) } = this.#options;
    this.#perform("send", { user_id, content: { text } }).catch(() => this.stop());
  }

  #called({ parameters: { chat_id } }: RecordedCall): void {
    const sent = this.#waiting.get(String(chat_id))?.shift();
    if (sent === undefined) return;
    this.#answered += 1;
    this.#latencies.push(now() - sent);
  }

  #closeSecond(): void {
    const latencies = this.#latencies.sort((one, other) => one - other);
    const times = latencies.length > 0 ? { p50: percentile(latencies, 50), p99: percentile(latencies, 99) } : {};
    this.#seconds.push({
      second: this.#seconds.length + this.#dropped + 1,
      sent: this.#sent - this.#sentBefore,
      answered: latencies.length,
      waiting: this.#sent - this.#answered,
      ...times,
    });
    this.#latencies = [];
    this.#sentBefore = this.#sent;
    if (this.#seconds.length > MOST_SECONDS) {
      this.#seconds.shift();
      this.#dropped += 1;
    }
    this.#tell(this.state);
  }
}
