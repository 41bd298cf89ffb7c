/**
 * Receives updates by webhook: Telegram sends each to a URL of the bot's (https://core.telegram.org/bots/api#setwebhook).
 *
 *   listening -- setWebhook --> set -- every 30 s getWebhookInfo --> set
 *   set -- the webhook is gone, or code that was reloaded asks for other kinds --> listening
 *   set -- another has been set for a minute --> run() rejects
 *   stop --> what has arrived is stored and answered --> deleteWebhook, unless another process has set its own --> closed
 *
 * The URL ends with a number of this process, which the HTTP server ignores. By it a process that stops knows that the webhook is
 * still its own: on a deploy that overlaps, the new process has set another. Deleting the webhook loses nothing: Telegram keeps the
 * updates, and does not try in vain, so that the next process has them at once, whether it polls or not.
 */

import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { WebhookInfo } from "@grammyjs/types";
import { ConflictError, NetworkError } from "../protocol/errors.ts";
import type { Election, SourceState, UpdateSource } from "../protocol/update-source.ts";
import { type Form, formOf } from "./multipart.ts";
import { CONFLICT_PATIENCE, judgeWebhook } from "./retry.ts";
import { webhookSecretsOf } from "./webhook-secrets.ts";
import { WebhookServer } from "./webhook-server.ts";
import { readWebhookTls } from "./webhook-tls.ts";

export interface WebhookOptions {
  readonly token: string;
  /** The public URL; the path that only Telegram knows comes behind it. */
  readonly url: string;
  /** Address on which the HTTP server listens. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Requests that Telegram sends at once. */
  readonly maxConnections: number;
  /** File with a certificate that Telegram is to trust, as PEM. */
  readonly certificate: string | false;
  /** File with its private key: then the HTTP server speaks TLS itself. */
  readonly key: string | false;
  /** Kinds of update to ask for. */
  allowedUpdates(): readonly string[];
  call(method: string, parameters: object, signal: AbortSignal): Promise<unknown>;
  /** Posts a form. */
  post(method: string, form: Form, signal: AbortSignal): Promise<unknown>;
  /** As of the poller. With a signal that is aborted it resolves when the updates are stored, room or not. */
  received(updates: readonly unknown[], signal: AbortSignal): Promise<number>;
  /** True while updates are to wait at Telegram. */
  isFull(): boolean;
  /** Of servers that share an inbox: Telegram's requests go to any of them. */
  readonly election?: Election | undefined;
  readonly log: {
    warn(fields: { method?: string; error: string }, message: string): void;
    info(fields: { url?: string; failures?: number }, message: string): void;
    debug(fields: { method: string; error: string }, message: string): void;
  };
  /** A clock, in milliseconds. */
  now?(): number;
  /** Waits; ends early, without an error, when the signal is aborted. */
  wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Time that setWebhook with a certificate may take: ms. Other calls have as much. */
const FORM = 60_000;
/** Time between two checks of the webhook: ms. */
const CHECK = 30_000;
/** Room is not waited for: Telegram would take that for a failure. */
const NO_WAIT = AbortSignal.abort();
/** Time that a stop leaves to the deletion of the webhook: ms. */
const DELETION = 2000;

export class Webhook implements UpdateSource {
  readonly #options: Required<Omit<WebhookOptions, "election">> & Pick<WebhookOptions, "election">;
  readonly #secrets: ReturnType<typeof webhookSecretsOf>;
  /** End of the URL. Telegram might write the rest of it in another way. */
  readonly #mark: string;
  #server: WebhookServer | undefined;
  #isSet = false;
  /** Kinds of update that it was set for. */
  #kinds = "";
  #pending = 0;
  #failures = 0;
  #lastError: string | undefined;
  #lastSign: number;
  #lastSuccess = Date.now();
  /** Time from which another webhook is known to be set. */
  #conflictSince: number | undefined;
  /** Time of the last failed delivery that is known: seconds since 1970. */
  #lastFailure = Math.floor(Date.now() / 1000);
  /** Faults since the last success: each is logged once. */
  readonly #warnedOf = new Set<string>();

  constructor(options: WebhookOptions) {
    this.#options = { now: () => performance.now(), wait: pause, ...options };
    this.#secrets = webhookSecretsOf(options.token);
    // Servers that share an inbox set the same webhook.
    const own = options.election === undefined ? `?${randomInt(2 ** 47)}` : "";
    this.#mark = `/${this.#secrets.segment}${own}`;
    this.#lastSign = this.#options.now();
  }

  get state(): SourceState {
    const requests = this.#server?.requests ?? { stored: 0, postponed: 0, refused: 0, failed: 0 };
    return {
      failures: this.#failures,
      lastError: this.#lastError,
      silence: this.#options.now() - this.#lastSign,
      lastSuccess: this.#lastSuccess,
      webhook: { isSet: this.#isSet && this.#conflictSince === undefined, pending: this.#pending, requests },
    };
  }

  /** Receives updates until the signal is aborted. @throws ListenError | ConfigError | ConflictError | TokenRejectedError */
  async run(signal: AbortSignal): Promise<void> {
    const { certificate: path, key: keyPath, received, isFull, listen, log } = this.#options;
    const { cert, key } = await readWebhookTls(path, keyPath);
    const failed = Promise.withResolvers<never>();
    this.#server = await WebhookServer.listen({
      ...listen,
      ...this.#secrets,
      tls: cert === undefined || key === undefined ? undefined : { cert, key },
      isFull,
      store: (updates) => received(updates, NO_WAIT),
      onError: failed.reject,
      log,
    });
    log.info({ url: this.#server.url }, "listening for the webhook");
    try {
      await Promise.race([this.#keepSet(cert, signal), failed.promise]);
    } finally {
      // The answers come first: Telegram would send the updates again for which it has none when the webhook is deleted.
      await this.#server.drain();
      await this.#delete();
      await this.#server.close();
    }
  }

  /** Makes Telegram drop the updates that wait there. @returns true if there were any */
  async skipPending(signal: AbortSignal): Promise<boolean> {
    const { call, election } = this.#options;
    if (election !== undefined && !(await election.isAlone())) return false;
    const { pending_update_count: count } = (await call("getWebhookInfo", {}, signal)) as WebhookInfo;
    await call("deleteWebhook", { drop_pending_updates: true }, signal);
    return count > 0;
  }

  /** Nothing is left to confirm: each update is, by the answer to its request. */
  async confirm(): Promise<void> {}

  async #keepSet(certificate: string | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#isSet) await this.#check(signal);
      else await this.#set(certificate, signal);
      if (this.#isSet) await this.#options.wait(CHECK, signal);
    }
  }

  async #set(certificate: string | undefined, signal: AbortSignal): Promise<void> {
    const { url, maxConnections, allowedUpdates, call, post, log } = this.#options;
    const parameters = {
      url: url + this.#mark,
      secret_token: this.#secrets.secret,
      max_connections: maxConnections,
      allowed_updates: allowedUpdates(),
    };
    await this.#ask("setWebhook", signal, async () => {
      if (certificate === undefined) await call("setWebhook", parameters, signal);
      else {
        // A form has as long as it needs; this one is short.
        const limit = AbortSignal.any([signal, AbortSignal.timeout(FORM)]);
        await post("setWebhook", formOf(parameters, [partOf(certificate)]), limit);
      }
      this.#isSet = true;
      this.#kinds = String(parameters.allowed_updates);
      this.#conflictSince = undefined;
      log.info({ url }, "the webhook is set");
    });
  }

  async #check(signal: AbortSignal): Promise<void> {
    await this.#ask("getWebhookInfo", signal, async () => {
      const info = (await this.#options.call("getWebhookInfo", {}, signal)) as WebhookInfo;
      this.#pending = info.pending_update_count;
      this.#noteFailedDelivery(info);
      const { url = "" } = info;
      this.#isSet = url !== "";
      if (!this.#isSet) this.#warn("getWebhookInfo", "it has been deleted", "the webhook is gone; setting it again");
      this.#noteConflict(url);
      if (url.endsWith(this.#mark) && String(this.#options.allowedUpdates()) !== this.#kinds) this.#isSet = false;
    });
  }

  /** Makes a call, and waits as retry.ts says if it fails. */
  async #ask(method: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { now, wait, log } = this.#options;
    this.#lastSign = now();
    try {
      await work();
      if (this.#failures > 0) log.info({ failures: this.#failures }, "the webhook is in order again");
      this.#failures = 0;
      this.#lastError = undefined;
      this.#lastSuccess = Date.now();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ConflictError) throw error;
      this.#failures += 1;
      this.#lastError = (error as Error).message;
      const verdict = judgeWebhook(error, this.#failures);
      if (verdict.action === "stop") throw verdict.error;
      const reason = error instanceof NetworkError ? error.reason : (error as Error).message;
      this.#warn(method, reason, "the webhook cannot be set or checked; trying again");
      await wait(verdict.after, signal);
    } finally {
      this.#lastSign = now();
    }
  }

  #warn(method: string, error: string, message: string): void {
    if (!this.#warnedOf.has(error)) this.#options.log.warn({ method, error }, message);
    this.#warnedOf.add(error);
  }

  /** Logs why Telegram could not deliver an update. A check without a new failure forgets what was logged. */
  #noteFailedDelivery({ last_error_date = 0, last_error_message = "" }: WebhookInfo): void {
    if (last_error_date <= this.#lastFailure) return this.#warnedOf.clear();
    this.#lastFailure = last_error_date;
    this.#warn("getWebhookInfo", last_error_message, "Telegram could not deliver an update to the webhook");
  }

  /** @throws ConflictError if another webhook has been set for a minute. It is not fought: two servers would take turns for ever */
  #noteConflict(url: string): void {
    if (url === "" || url.endsWith(this.#mark)) {
      this.#conflictSince = undefined;
      return;
    }
    const host = URL.parse(url)?.host ?? "another host";
    this.#conflictSince ??= this.#options.now();
    this.#warn("getWebhookInfo", `it is at ${host}`, "another webhook has been set for this bot; waiting for a minute");
    if (this.#options.now() - this.#conflictSince < CONFLICT_PATIENCE) return;
    const message = `another webhook, at ${host}, has been set for this bot, so its updates go there; only one server may receive them`;
    throw new ConflictError("webhook", message);
  }

  /** Deletes the webhook if it is still this process's own. */
  async #delete(): Promise<void> {
    const { call, log, election } = this.#options;
    const signal = AbortSignal.timeout(DELETION);
    this.#isSet = false;
    try {
      if (election !== undefined && !(await election.isAlone())) return;
      const { url = "" } = (await call("getWebhookInfo", {}, signal)) as WebhookInfo;
      if (url.endsWith(this.#mark)) await call("deleteWebhook", {}, signal);
    } catch (error) {
      log.debug({ method: "deleteWebhook", error: (error as Error).message }, "the webhook was not deleted");
    }
  }
}

function partOf(certificate: string) {
  const bytes = Buffer.from(certificate);
  return {
    name: "certificate",
    filename: "certificate.pem",
    content_type: "application/x-pem-file",
    size: bytes.length,
    read: async function* () {
      yield bytes;
    },
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
