/** Telegram's error replies, in the public server's words: https://core.telegram.org/bots/api#making-requests */

export interface RefusalParameters {
  migrate_to_chat_id?: number;
  /** Seconds. */
  retry_after?: number;
}

/** An error reply, thrown below the HTTP layer: `{ ok: false, error_code, description, parameters? }`. */
export class Refusal extends Error {
  readonly error_code: number;
  readonly description: string;
  readonly parameters: RefusalParameters | undefined;
  constructor(error_code: number, description: string, parameters?: RefusalParameters) {
    super(`${error_code} ${description}`);
    this.name = "Refusal";
    this.error_code = error_code;
    this.description = description;
    this.parameters = parameters;
  }
}

/** A refusal with code 400, whose reason may become a part of another one. */
class BadRequest extends Refusal {
  readonly reason: string;
  constructor(reason: string, parameters?: RefusalParameters) {
    super(400, `Bad Request: ${beginning(reason)}`, parameters);
    this.reason = reason;
  }
}

/** A reason loses its capital letter, but a constant like `BUTTON_DATA_INVALID` does not (`Client::fail_query_with_error`). */
const beginning = (reason: string) =>
  /^.[A-Z_]/.test(reason) ? reason : `${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;

/** @param reason as td and the public server write it */
export const badRequest = (reason: string, parameters?: RefusalParameters): Refusal =>
  new BadRequest(reason, parameters);

/** Puts `place` in front of the reason of a refusal in `read`. */
export function within<T>(place: string, read: () => T, separator = ": "): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof BadRequest ? badRequest(`${place}${separator}${error.reason}`) : error;
  }
}

/** Of a query that was answered, is too old, or never was one. */
export const queryIsOver = () => badRequest("query is too old and response timeout expired or query ID is invalid");

export const forbidden = (reason: string) => new Refusal(403, `Forbidden: ${reason}`);

export const conflict = (reason: string) => new Refusal(409, `Conflict: ${reason}`);

/** https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this */
export const tooManyRequests = (retry_after: number) =>
  new Refusal(429, `Too Many Requests: retry after ${retry_after}`, { retry_after });
