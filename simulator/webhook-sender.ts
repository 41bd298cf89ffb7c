/**
 * Sends updates to the URL of setWebhook, as the public server's WebhookActor.cpp does:
 *
 *   waiting --> sent -- 2xx --> forgotten
 *               sent -- any other answer, or none --> waiting, for Retry-After, or at first not at all, then 2 s, 4 s, … 60 s
 *
 * A line of updates goes one after the other: those of a chat's messages, of a person's button presses, and so on. Up to
 * max_connections lines go at once. The call in an answer begins before the next update of its line is sent.
 */

import { STATUS_CODES } from "node:http";
import { parseLink, textOfLink } from "./api/links.ts";
import { Refusal } from "./api/refusal.ts";
import type { Clock } from "./state/clock.ts";
import type { Settings } from "./state/settings.ts";
import type { RawUpdate, UpdateQueue } from "./state/update-queue.ts";
import { AnswerTimeout, type WebhookAnswer, WebhookClient } from "./webhook-client.ts";

export interface WebhookSenderOptions {
  readonly queue: UpdateQueue;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Length of a second of a pause between two attempts: ms. */
  readonly second: number;
  /** Bytes of an answer's body. */
  readonly longestAnswer: number;
  /** Called with each answer that confirms an update. */
  readonly onAnswer: (answer: WebhookAnswer) => void;
}

/** Parameters of setWebhook that its settings do not show. */
export interface WebhookSecrets {
  readonly secret: string;
  /** The certificate that was uploaded, as PEM. */
  readonly certificate: string | undefined;
}

export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  #sending: Sending | undefined;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    options.queue.onPush.push(() => this.#sending?.send());
  }

  /** A webhook was set: sends what waits, with new pauses. */
  set(secrets: WebhookSecrets): void {
    this.unset();
    this.#sending = new Sending(this.#options, secrets);
    this.#sending.send();
  }

  /** The webhook was deleted. Updates without an answer stay in the queue. */
  unset(): void {
    this.#sending?.stop();
    this.#sending = undefined;
  }
}

interface Update {
  readonly id: number;
  readonly json: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  failures: number;
  /** Seconds. */
  pause: number;
}

/** Seconds. */
const LONGEST_PAUSE = 60;
const LONGEST_RETRY_AFTER = 3600;
/** Time that a webhook has to answer: ms. */
const ANSWER_TIMEOUT = 60_000;
const SECRET_HEADER = "x-telegram-bot-api-secret-token";

/** One webhook, from setWebhook to its end. */
class Sending {
  readonly #options: WebhookSenderOptions;
  readonly #connections: number;
  readonly #client: WebhookClient;
  readonly #stopped = new AbortController();
  readonly #lines = new Map<string, Update[]>();
  /** Lines whose first update is on its way, or pauses. */
  readonly #busy = new Set<string>();
  readonly #pauses = new Set<() => void>();
  #loaded = 0;
  /** Id of the last update that was loaded. */
  #last = -1;
  #open = 0;

  constructor(options: WebhookSenderOptions, { secret, certificate }: WebhookSecrets) {
    const { url, max_connections = 40 } = options.settings.webhook;
    this.#options = options;
    this.#connections = max_connections;
    this.#client = new WebhookClient({
      url: textOfLink(parseLink(url!, "https")),
      connections: max_connections,
      certificate,
      headers: { "content-type": "application/json", ...(secret !== "" && { [SECRET_HEADER]: secret }) },
      timeout: ANSWER_TIMEOUT,
      longestAnswer: options.longestAnswer,
    });
  }

  send(): void {
    if (this.#stopped.signal.aborted) return;
    this.#load();
    for (const [line, updates] of this.#lines) {
      if (this.#open >= this.#connections) return;
      if (!this.#busy.has(line)) void this.#deliver(line, updates);
    }
  }

  stop(): void {
    this.#stopped.abort();
    for (const cancel of this.#pauses) cancel();
    this.#client.close();
  }

  #load(): void {
    // Ids may have restarted while nothing waited.
    if (this.#loaded === 0) this.#last = -1;
    for (const { id, json, expires } of this.#options.queue.peek(this.#last, 2 * this.#connections - this.#loaded)) {
      const update = { id, json, expires, failures: 0, pause: 1 };
      const line = lineOf(id, JSON.parse(json));
      const updates = this.#lines.get(line);
      if (updates === undefined) this.#lines.set(line, [update]);
      else updates.push(update);
      this.#last = id;
      this.#loaded += 1;
    }
  }

  async #deliver(line: string, updates: Update[]): Promise<void> {
    const update = updates[0]!;
    this.#busy.add(line);
    this.#open += 1;
    for (const told of this.#options.queue.onTake) told(update.id, "webhook");
    const outcome = await this.#post(update.json);
    this.#open -= 1;
    if (this.#stopped.signal.aborted) return;
    if ("answer" in outcome) this.#options.onAnswer(outcome.answer);
    const pause = "answer" in outcome ? undefined : this.#failed(update, outcome.error, outcome.retryAfter);
    if (pause === undefined) {
      this.#options.queue.forget(update.id);
      this.#loaded -= 1;
      updates.shift();
      if (updates.length === 0) this.#lines.delete(line);
      this.#busy.delete(line);
    } else this.#wait(pause * this.#options.second, line);
    this.send();
  }

  async #post(body: string): Promise<{ answer: WebhookAnswer } | { error: string; retryAfter: number }> {
    try {
      const answer = await this.#client.post(body, this.#stopped.signal);
      const { status, retryAfter } = answer;
      if (status >= 200 && status <= 299) return { answer };
      return { error: `Wrong response from the webhook: ${status} ${STATUS_CODES[status] ?? ""}`.trim(), retryAfter };
    } catch (cause) {
      if (cause instanceof AnswerTimeout) return { error: "Read timeout expired", retryAfter: 0 };
      if (cause instanceof Refusal) return { error: cause.description, retryAfter: 0 };
      return { error: FAILURES[(cause as NodeJS.ErrnoException).code ?? ""] ?? "Connection closed", retryAfter: 0 };
    }
  }

  /** @returns seconds until the next attempt; undefined if the update expires before that */
  #failed(update: Update, error: string, given: number): number | undefined {
    const { settings, clock } = this.#options;
    settings.webhook.last_error_date = Math.floor(clock.now() / 1000);
    settings.webhook.last_error_message = error;
    let pause = Math.min(LONGEST_RETRY_AFTER, Math.max(0, given));
    if (pause === 0 && update.failures > 0) {
      update.pause = Math.min(LONGEST_PAUSE, update.pause * 2);
      pause = update.pause;
    }
    update.failures += 1;
    return clock.now() + 1000 * pause > update.expires ? undefined : pause;
  }

  #wait(milliseconds: number, line: string): void {
    const cancel = this.#options.clock.schedule(milliseconds, () => {
      this.#pauses.delete(cancel);
      this.#busy.delete(line);
      this.send();
    });
    this.#pauses.add(cancel);
  }
}

const FAILURES: { readonly [code: string]: string } = {
  ECONNREFUSED: "Connection refused",
  ETIMEDOUT: "Connection timed out",
};

const OF_THEIR_CHAT: ReadonlySet<string> = new Set([
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
]);

/** The line of an update: its updates are sent one after the other. */
function lineOf(id: number, update: RawUpdate): string {
  const kind = Object.keys(update).find((key) => key !== "update_id") ?? "";
  const content = update[kind] as { chat?: { id: number }; from?: { id: number } } | undefined;
  const owner = content?.chat?.id ?? content?.from?.id;
  if (owner === undefined) return `update:${id}`;
  return OF_THEIR_CHAT.has(kind) ? `chat:${owner}` : `${kind}:${owner}`;
}
