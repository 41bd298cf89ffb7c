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
    if (request.idempotent) return super.dispatch(request, handler);
    const guard: Dispatcher.DispatchHandler = {
      // The last call before the request is written; abort() closes the connection.
      onRequestStart: (controller, context) => {
        const now = Date.now();
        if (now - this.#usedAt > REUSE_FOR) return controller.abort(TOO_OLD);
        this.#usedAt = now;
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...answer) => handler.onResponseStart?.(...answer),
      onResponseData: (...piece) => handler.onResponseData?.(...piece),
      onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
      onResponseError: (controller, error) => {
        if (error === TOO_OLD) super.dispatch(request, guard);
        else handler.onResponseError?.(controller, error);
      },
    };
    return super.dispatch(request, guard);
  }
}
