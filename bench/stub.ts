/**
 * A Bot API that costs next to nothing, in a process of its own: it hands out the messages of a load, takes what is answered,
 * and tells what became of each. The harness (measure.ts) starts it, and talks to it over the channel of a forked process.
 *
 *   prepared -- "begin" --> the first phase -- all answered, or nothing for a long time --> told --> "begin" --> the next
 *
 * A poll that comes while no phase is on waits for it; the phase's clock starts when such a poll is answered.
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
  /** When the first update was handed out (clock.ts), and how long it was from there to the last answer: ms, s. */
  begun: number;
  seconds: number;
  /** What the server has used of the processors in that time, and the stub: us. */
  cpu: number;
  stubCpu: number;
  /** From the moment an update came to be, or was handed out where all had been there, to its answer: ms. */
  light: Summary;
  heavy: Summary;
  /** From a poll's answer to the next poll: ms. */
  pollGaps: Summary;
  /** What each of the application's threads said to have in use: bytes. */
  heaps: number[];
}

/** Nothing answered for so long means that nothing more will come: ms. */
const PATIENCE = 30_000;
/** What is answered twice may be so a little later: ms. */
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
  readonly #tell: (message: FromStub) => void;
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

  constructor(load: Load, tell: (message: FromStub) => void) {
    this.#load = load;
    this.#tell = tell;
    this.#backlog = new Backlog(load.phases);
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
    // A server that is stopped leaves its connections as it likes.
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

  /** The clock starts, and with it the updates. */
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

  /** Lets updates come to be as time goes by. */
  #pace(): void {
    const time = now() - this.#begun;
    let due = this.#existing;
    while (due < this.#end && this.#backlog.timeOf(due) <= time) due += 1;
    this.#ledger.bear(this.#existing, due, now());
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
      summarize(this.#ledger.latencies(this.#start, this.#end, (number) => this.#backlog.isHeavy(number) === isHeavy));
    this.#tell({
      type: "done",
      result: {
        verdict: this.#ledger.verdict(this.#end),
        updates: this.#end - this.#start,
        begun: this.#begun,
        seconds,
        cpu,
        stubCpu,
        light: latencies(false),
        heavy: latencies(true),
        pollGaps: summarize(this.#pollGaps),
        heaps: [...this.#heaps.values()],
      },
    });
  }

  // ---- the Bot API ----

  #serve(connection: Connection, request: Request): void {
    const slot = connection.reserve();
    switch (request.method) {
      case "sendMessage":
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

  #send(connection: Connection, slot: Slot, { chat_id, text }: Record<string, unknown>): void {
    const chat = Number(chat_id);
    this.#lastAnswer = now();
    this.#ledger.answer(Number.parseInt(text as string, 10), chat, this.#lastAnswer);
    if (this.#current?.asksForHeap) this.#noteHeap(text as string);
    const sent = `{"message_id":${this.#ledger.answers},"date":1790000000,"chat":{"id":${chat},"type":"private","first_name":"User"},"text":"${text}"}`;
    if (this.#load.latency === undefined) slot.answer = ok(sent);
    else this.#delay({ due: this.#lastAnswer + this.#load.latency, connection, slot, answer: ok(sent) });
    if (this.#ledger.answers === this.#end && this.#isOn) void this.#finish();
  }

  /** "17 heap 2 4194304": what thread 2 has in use. */
  #noteHeap(text: string): void {
    const [, , thread = "", bytes = ""] = text.split(" ");
    this.#heaps.set(thread, Number(bytes));
  }

  #poll(connection: Connection, slot: Slot, parameters: Record<string, unknown>): void {
    const arrived = now();
    if (!this.#hasPolled) this.#tell({ type: "polled", at: arrived });
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

  /** @param isOver its time is up: it is answered even if there is nothing */
  #answerWaiting(isOver = false): void {
    if (this.#waiting === undefined) return;
    const { connection, slot, start, limit } = this.#waiting;
    const end = Math.min(this.#existing, start + limit);
    if (start >= end && !isOver) return;
    clearTimeout(this.#pollTimer);
    this.#waiting = undefined;
    this.#lastPollAnswer = now();
    if (start < end) this.#ledger.bear(start, end, this.#lastPollAnswer);
    slot.answer = ok(start < end ? this.#backlog.slice(start, end) : "[]");
    connection.flush();
  }

  /** All calls take equally long, so that one timer, that of the first in line, will do. */
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

function ok(result: string): string {
  return `{"ok":true,"result":${result}}`;
}

let stub: Stub;

process.on("disconnect", () => process.exit());
process.on("message", (message: ToStub) => {
  const tell = (told: FromStub) => process.send!(told);
  if (message.type === "begin") return stub.begin(message.pid);
  stub = new Stub(message.load, tell);
  const server = createServer((socket) => stub.connect(socket));
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { port: number };
    tell({ type: "prepared", url: `http://127.0.0.1:${port}` });
  });
});
