/**
 * One connection of a pool, replaced by a new one rather than written to when it is old.
 *
 * undici closes an idle connection in time, and looks for the server's close before it writes. Both take a turn of the event
 * loop. A turn that a stall held up for seconds writes to connections that the server has closed meanwhile, and those requests
 * are lost: no error tells them from requests that were carried out. So the clock is read at the last moment.
 */

import { Client, type Dispatcher } from "undici";

/** A request is written within this time after the one before it: ms. Node.js, Apache and uvicorn close after 5 s idle. */
export const REUSE_FOR = 4000;

const TOO_OLD = new Error("the connection is too old to be used again");

export class FreshClient extends Client {
  /**
   * The start of the last request, or of the connection. Not the answer's end: an answer that waited to be read through a
   * stall says nothing of the time since. By the wall clock, which goes on while a machine sleeps.
   */
  #usedAt = 0;

  constructor(origin: URL, options: Client.Options) {
    super(origin, options);
    this.on("connect", () => {
      this.#usedAt = Date.now();
    });
  }

  /** An idempotent request is written to any connection: its caller repeats it. */
  override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch(request, request.idempotent ? handler : new Guard(this, request, handler));
  }

  /** Marks the connection as used now. @returns false if it is too old for that */
  use(): boolean {
    const now = Date.now();
    if (now - this.#usedAt > REUSE_FOR) return false;
    this.#usedAt = now;
    return true;
  }
}

/** Dispatches the request again if its connection turns out to be too old. Otherwise it only passes on what happens. */
class Guard implements Dispatcher.DispatchHandler {
  readonly #client: FreshClient;
  readonly #request: Dispatcher.DispatchOptions;
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(client: FreshClient, request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.#client = client;
    this.#request = request;
    this.#handler = handler;
  }

  /** The last call before the request is written. abort() closes the connection. */
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    if (this.#client.use()) this.#handler.onRequestStart?.(controller, context);
    else controller.abort(TOO_OLD);
  }

  onResponseStart(...answer: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>): void {
    this.#handler.onResponseStart?.(...answer);
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#handler.onResponseData?.(controller, piece);
  }

  onResponseEnd(...end: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>): void {
    this.#handler.onResponseEnd?.(...end);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (error === TOO_OLD) this.#client.dispatch(this.#request, this.#handler);
    else this.#handler.onResponseError?.(controller, error);
  }
}
