/**
 * A Bot API that costs almost nothing, in its own process: it hands out the messages of a load, receives the answers
 * and reports the result. The harness (measure.ts) forks it and exchanges messages with it.
 *
 *   "prepared" -- "begin" --> a phase -- all answered, or no answer for PATIENCE --> "done" -- "begin" --> the next
 *
 * A poll between phases waits for the next phase, whose clock starts when such a poll is answered.
 */

import { createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "./clock.ts";
import { Connection, parametersOf, type Request, RequestReader, type Slot } from "./http.ts";
import { Ledger, type Verdict } from "./ledger.ts";
import { Backlog, FIRST_UPDATE, type Load, type Phase } from "./load.ts";
import { cpuOf } from "./proc.ts";
import { type Summary, summarize } from "./statistics.ts";

export type ToStub = { type: "prepare"; load: Load } | { type: "begin"; pid: number };

export type FromStub =
  | { type: "prepared"; url: string }
  | { type: "polled"; at: number }
  | { type: "done"; result: PhaseResult };

export interface PhaseResult {
  verdict: Verdict;
  updates: number;
  /** The time at which the first update was handed out: ms of clock.ts. */
  begun: number;
  /** From there to the last answer. */
  seconds: number;
  /** CPU time of the server and of the stub in that time: us. */
  cpu: number;
  stubCpu: number;
  /** From an update's creation (in a backlog: from its handing out) to its answer: ms. */
  light: Summary;
  heavy: Summary;
  /** From a poll's answer to the next poll: ms. */
  pollGaps: Summary;
  /** The heap in use on each of the application's threads: bytes. */
  heaps: number[];
  /** Every single time, of a phase that keeps them. */
  samples?: Samples;
}

/** Milliseconds, rounded to hundredths. */
export interface Samples {
  light: number[];
  heavy: number[];
  pollGaps: number[];
}

/** A phase ends after this time without an answer: ms. */
const PATIENCE = 30_000;
/** The wait for second answers after a phase: ms. */
const AFTERMATH = 100;
const UPDATES_PER_POLL = 100;

interface WaitingPoll {
  readonly connection: Connection;
  readonly slot: Slot;
  readonly start: number;
  readonly limit: number;
}

interface DelayedAnswer {
  readonly due: number;
  readonly connection: Connection;
  readonly slot: Slot;
  readonly answer: string;
}

class Stub {
  readonly #load: Load;
  readonly #report: (message: FromStub) => void;
  readonly #backlog: Backlog;
  readonly #ledger: Ledger;
  readonly #heaps = new Map<string, number>();
  readonly #delayed: DelayedAnswer[] = [];
  #delayTimer: NodeJS.Timeout | undefined;
  #waiting: WaitingPoll | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #hasPolled = false;

  #phase = -1;
  #isOn = false;
  /** The numbers of the phase, and how many of all updates exist by now. */
  #start = 0;
  #end = 0;
  #existing = 0;
  #pid = 0;
  #begun = 0;
  #cpuAtBegin = 0;
  #stubCpuAtBegin = 0;
  #lastAnswer = 0;
  #lastPollAnswer = 0;
  #pollGaps: number[] = [];
  #patience: NodeJS.Timeout | undefined;

  constructor(load: Load, report: (message: FromStub) => void) {
    this.#load = load;
    this.#report = report;
    this.#backlog = new Backlog(load.phases, load.seed);
    this.#ledger = new Ledger(this.#backlog.size, (number) => this.#backlog.chatOf(number));
  }

  connect(socket: Socket): void {
    const connection = new Connection((text) => socket.write(text, "latin1"));
    const reader = new RequestReader((request) => this.#serve(connection, request));
    socket.setNoDelay(true);
    socket.on("data", (piece: Buffer) => {
      reader.push(piece.toString("latin1"));
      connection.flush();
    });
    // A stopped server may reset its connections.
    socket.on("error", () => socket.destroy());
  }

  // ---- phases ----

  begin(pid: number): void {
    this.#pid = pid;
    this.#phase += 1;
    this.#start = this.#end;
    this.#end = this.#backlog.ends[this.#phase]!;
    this.#isOn = true;
    this.#begun = 0;
    this.#pollGaps = [];
    this.#heaps.clear();
    this.#lastAnswer = now();
    this.#patience = setInterval(() => {
      if (now() - this.#lastAnswer > PATIENCE) void this.#finish();
    }, 1000);
    if (this.#waiting !== undefined) this.#open();
  }

  /** Starts the clock and the updates. */
  #open(): void {
    this.#stubCpuAtBegin = cpuOf(process.pid);
    this.#cpuAtBegin = cpuOf(this.#pid);
    this.#lastPollAnswer = 0;
    this.#begun = now();
    if (this.#current.rate === undefined) this.#existing = this.#end;
    else this.#pace();
    this.#answerWaiting();
  }

  get #current(): Phase {
    return this.#load.phases[this.#phase]!;
  }

  /** Creates the updates that are due, and waits for the next. */
  #pace(): void {
    const time = now() - this.#begun;
    let due = this.#existing;
    while (due < this.#end && this.#backlog.timeOf(due) <= time) due += 1;
    this.#ledger.created(this.#existing, due, now());
    this.#existing = due;
    this.#answerWaiting();
    if (due < this.#end) setTimeout(() => this.#pace(), Math.max(0, this.#backlog.timeOf(due) - time));
  }

  async #finish(): Promise<void> {
    const cpu = cpuOf(this.#pid) - this.#cpuAtBegin;
    const stubCpu = cpuOf(process.pid) - this.#stubCpuAtBegin;
    const seconds = (this.#lastAnswer - this.#begun) / 1000;
    this.#isOn = false;
    clearInterval(this.#patience);
    await delay(AFTERMATH);
    const latencies = (isHeavy: boolean) =>
      this.#ledger.latencies(this.#start, this.#end, (number) => this.#backlog.isHeavy(number) === isHeavy);
    const [light, heavy, pollGaps] = [latencies(false), latencies(true), this.#pollGaps];
    this.#report({
      type: "done",
      result: {
        verdict: this.#ledger.verdict(this.#end),
        updates: this.#end - this.#start,
        begun: this.#begun,
        seconds,
        cpu,
        stubCpu,
        light: summarize(light),
        heavy: summarize(heavy),
        pollGaps: summarize(pollGaps),
        heaps: [...this.#heaps.values()],
        ...(this.#current.keepsSamples && {
          samples: { light: rounded(light), heavy: rounded(heavy), pollGaps: rounded(pollGaps) },
        }),
      },
    });
  }

  // ---- the Bot API ----

  #serve(connection: Connection, request: Request): void {
    const slot = connection.reserve();
    switch (request.method) {
      case "sendMessage":
      case "sendPhoto":
        return this.#send(connection, slot, parametersOf(request));
      case "getUpdates":
        return this.#poll(connection, slot, parametersOf(request));
      case "getMe":
        slot.answer = ok('{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"}');
        return;
      default:
        slot.answer = ok("true");
    }
  }

  #send(connection: Connection, slot: Slot, { chat_id, caption, text = caption }: Record<string, unknown>): void {
    const chat = Number(chat_id);
    this.#lastAnswer = now();
    this.#ledger.answer(Number.parseInt(text as string, 10), chat, this.#lastAnswer);
    if (this.#current?.asksForHeap) this.#noteHeap(text as string);
    const sent = `{"message_id":${this.#ledger.answers},"date":1790000000,"chat":{"id":${chat},"type":"private","first_name":"User"},"text":"${text}"}`;
    if (this.#load.latency === undefined) slot.answer = ok(sent);
    else this.#delay({ due: this.#lastAnswer + this.#load.latency, connection, slot, answer: ok(sent) });
    const isLast = this.#ledger.answers === this.#end - (this.#load.unanswered ?? 0);
    if (isLast && this.#isOn) void this.#finish();
  }

  /** "17 heap 2 4194304": thread 2 uses 4 MiB. */
  #noteHeap(text: string): void {
    const [, , thread = "", bytes = ""] = text.split(" ");
    this.#heaps.set(thread, Number(bytes));
  }

  #poll(connection: Connection, slot: Slot, parameters: Record<string, unknown>): void {
    const arrived = now();
    if (!this.#hasPolled) this.#report({ type: "polled", at: arrived });
    this.#hasPolled = true;
    if (this.#isOn && this.#lastPollAnswer > 0) this.#pollGaps.push(arrived - this.#lastPollAnswer);
    const offset = Number(parameters.offset ?? 0);
    const timeout = Number(parameters.timeout ?? 0);
    const limit = Number(parameters.limit ?? UPDATES_PER_POLL);
    clearTimeout(this.#pollTimer);
    this.#waiting = { connection, slot, start: Math.max(0, offset - FIRST_UPDATE), limit };
    if (this.#isOn && this.#begun === 0) this.#open();
    else this.#answerWaiting();
    if (this.#waiting !== undefined) this.#pollTimer = setTimeout(() => this.#answerWaiting(true), timeout * 1000);
  }

  /** @param isOver the poll has timed out: it is answered even without updates */
  #answerWaiting(isOver = false): void {
    if (this.#waiting === undefined) return;
    const { connection, slot, start, limit } = this.#waiting;
    const end = Math.min(this.#existing, start + limit);
    if (start >= end && !isOver) return;
    clearTimeout(this.#pollTimer);
    this.#waiting = undefined;
    this.#lastPollAnswer = now();
    if (start < end) this.#ledger.created(start, end, this.#lastPollAnswer);
    slot.answer = ok(start < end ? this.#backlog.slice(start, end) : "[]");
    connection.flush();
  }

  /** All calls take the same time, so one timer for the first in line is enough. */
  #delay(delayed: DelayedAnswer): void {
    this.#delayed.push(delayed);
    this.#delayTimer ??= setTimeout(() => this.#answerDelayed(), this.#load.latency);
  }

  #answerDelayed(): void {
    const connections = new Set<Connection>();
    const due = now() + 0.5;
    let count = 0;
    for (const delayed of this.#delayed) {
      if (delayed.due > due) break;
      delayed.slot.answer = delayed.answer;
      connections.add(delayed.connection);
      count += 1;
    }
    this.#delayed.splice(0, count);
    for (const connection of connections) connection.flush();
    const next = this.#delayed[0];
    this.#delayTimer = next && setTimeout(() => this.#answerDelayed(), Math.max(0, next.due - now()));
  }
}

function rounded(times: Iterable<number>): number[] {
  return Array.from(times, (time) => Math.round(time * 100) / 100);
}

function ok(result: string): string {
  return `{"ok":true,"result":${result}}`;
}

let stub: Stub;

process.on("disconnect", () => process.exit());
process.on("message", (message: ToStub) => {
  const send = (reply: FromStub) => process.send!(reply);
  if (message.type === "begin") return stub.begin(message.pid);
  stub = new Stub(message.load, send);
  const server = createServer((socket) => stub.connect(socket));
  const host = message.load.byName ? "localhost" : "127.0.0.1";
  server.listen(0, host, () => {
    const { port } = server.address() as { port: number };
    send({ type: "prepared", url: `http://${host}:${port}` });
  });
});
