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

export const badRequest = (reason: string, parameters?: RefusalParameters) =>
  new Refusal(400, `Bad Request: ${reason}`, parameters);

export const forbidden = (reason: string) => new Refusal(403, `Forbidden: ${reason}`);

export const conflict = (reason: string) => new Refusal(409, `Conflict: ${reason}`);

/** https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this; for `intercept` hooks. */
export const tooManyRequests = (retry_after: number) =>
  new Refusal(429, `Too Many Requests: retry after ${retry_after}`, { retry_after });
