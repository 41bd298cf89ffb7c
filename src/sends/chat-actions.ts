/**
 * The chat actions of events at which an application is busy: "typing", "upload_video". Telegram shows one for five seconds, so the main
 * thread repeats it, also while the application blocks its worker.
 *
 *   busy -- every 4.5 s, unless the chat's lane is paused --> busy
 *        -- the event's first message to that chat is called, or is there if it uploads files --> over
 *        -- Telegram refuses the action --> over
 *        -- at the next repetition: the event is settled, failed, dead or given back --> over
 *
 * An action is in no lane: it does not wait for a message that is being uploaded, nor does a message wait for it.
 */

import { TelegramError } from "../protocol/errors.ts";
import type { Answer, Call, ToMain } from "../protocol/port.ts";

export interface ChatActionsOptions {
  /** Makes the call. */
  request(call: Call): Promise<Answer>;
  /** The event, if that worker still has it. */
  posted(worker: number, seq: number): { readonly attempts: number } | undefined;
  /** True if calls to the lane have to wait. */
  isPaused(lane: string): boolean;
  log: { debug(fields: { lane: string | undefined; error: string }, message: string): void };
  /** Calls `tick` after each such interval. @returns ends that */
  every?(milliseconds: number, tick: () => void): () => void;
}

interface Busy {
  readonly worker: number;
  readonly seq: number;
  readonly call: Call;
  /** Number of the delivery. */
  readonly attempts: number;
  /** The event's first message, whose files are being uploaded. */
  upload: Call | undefined;
  isUnderWay: boolean;
  stop: () => void;
}

/** Telegram shows an action "for 5 seconds or less": https://core.telegram.org/bots/api#sendchataction */
const INTERVAL = 4500;

/** Methods after which the person sees a message, or is about to. */
const MESSAGE = /^(?:send|copy|forward)(?!ChatAction$|\w*Draft$)/;

export class ChatActions {
  readonly #options: ChatActionsOptions;
  readonly #every: NonNullable<ChatActionsOptions["every"]>;
  /** By the event's number. */
  readonly #busy = new Map<number, Busy>();
  #isClosed = false;

  constructor(options: ChatActionsOptions) {
    this.#options = options;
    this.#every = options.every ?? everyWithTimer;
  }

  /** The application is busy at the event. Its earlier action ends. */
  begin(worker: number, { seq, call }: Extract<ToMain, { type: "busy" }>): void {
    const event = this.#options.posted(worker, seq);
    if (event === undefined || this.#isClosed) return;
    this.#end(seq);
    const busy: Busy = {
      worker,
      seq,
      call,
      attempts: event.attempts,
      upload: undefined,
      isUnderWay: false,
      stop: () => {},
    };
    this.#busy.set(seq, busy);
    busy.stop = this.#every(INTERVAL, () => this.#show(busy));
    this.#show(busy);
  }

  /** The event's application made a call. */
  called(seq: number, call: Call): void {
    const busy = this.#busy.get(seq);
    if (busy === undefined || busy.call.lane !== call.lane || !MESSAGE.test(call.method)) return;
    if (call.files === undefined) this.#end(seq);
    else busy.upload ??= call;
  }

  /** The files of that call are uploaded, and its message is there. */
  uploaded(seq: number, call: Call): void {
    if (this.#busy.get(seq)?.upload === call) this.#end(seq);
  }

  /** Ends all of them. */
  close(): void {
    this.#isClosed = true;
    for (const seq of this.#busy.keys()) this.#end(seq);
  }

  #show(busy: Busy): void {
    const { request, posted, isPaused, log } = this.#options;
    const { worker, seq, call, attempts } = busy;
    // A later delivery of the event asks for an action anew.
    if (posted(worker, seq)?.attempts !== attempts) return this.#end(seq);
    if (busy.isUnderWay || isPaused(call.lane!)) return;
    busy.isUnderWay = true;
    request(call)
      .catch((error) => {
        log.debug({ lane: call.lane, error: (error as Error).message }, "a chat action was not shown");
        if (error instanceof TelegramError && this.#busy.get(seq) === busy) this.#end(seq);
      })
      .finally(() => {
        busy.isUnderWay = false;
      });
  }

  #end(seq: number): void {
    this.#busy.get(seq)?.stop();
    this.#busy.delete(seq);
  }
}

function everyWithTimer(milliseconds: number, tick: () => void): () => void {
  const timer = setInterval(tick, milliseconds).unref();
  return () => clearInterval(timer);
}
