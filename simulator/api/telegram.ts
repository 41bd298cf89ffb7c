/** The state that the methods of the Bot API work on. */

import type { Dice } from "../state/dice.ts";
import type { Settings } from "../state/settings.ts";
import type { Simulation } from "../state/simulation.ts";
import type { WebhookSender } from "../webhook-sender.ts";
import type { Call } from "./call.ts";
import type { Limits } from "./limits.ts";
import type { LocalServer } from "./local-server.ts";
import type { LongPoll } from "./long-poll.ts";

export interface Telegram extends Simulation {
  readonly settings: Settings;
  readonly poll: LongPoll;
  readonly dice: Dice;
  /** Undefined if no webhook is ever called. */
  readonly webhook: WebhookSender | undefined;
  /** A Bot API server of one's own: files of any size, webhooks at any address. Undefined for that of Telegram. */
  readonly local: LocalServer | undefined;
  /** Undefined without limits. */
  readonly limits: Limits | undefined;
}

/** Carries out one method and returns its result, which must be JSON. @throws Refusal */
export type Handler = (call: Call, telegram: Telegram) => unknown;

/** A result that is JSON already; the reply contains it unchanged. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A result with a description beside it in the reply. */
export class Described {
  readonly result: unknown;
  readonly description: string;
  constructor(result: unknown, description: string) {
    this.result = result;
    this.description = description;
  }
}

/** The reply to a call. `result` is undefined for one that was JSON already. */
export function replyWith(given: unknown): { json: string; result?: unknown } {
  if (given instanceof RawJson) return { json: `{"ok":true,"result":${given.text}}` };
  if (!(given instanceof Described)) return { json: `{"ok":true,"result":${JSON.stringify(given)}}`, result: given };
  const { result, description } = given;
  return { json: JSON.stringify({ ok: true, result, description }), result };
}
