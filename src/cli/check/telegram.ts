/** Checks the token and the webhook with Telegram. Receives no update and changes nothing. */

import type { WebhookInfo } from "@grammyjs/types";
import { ConflictError } from "../../protocol/errors.ts";
import type { BotApi } from "../../telegram/bot-api.ts";
import { judgeStart } from "../../telegram/retry.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface TelegramOptions {
  readonly api: Pick<BotApi, "getMe" | "call">;
  readonly deleteWebhook: boolean;
  /** The setting of --webhook. */
  readonly webhook: string | false;
  readonly dropPending: boolean;
}

/** Longest wait for all answers in ms. */
const TIMEOUT = 10_000;

export async function checkTelegram({
  api,
  deleteWebhook,
  webhook: own,
  dropPending,
}: TelegramOptions): Promise<Finding[]> {
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const { username } = await api.getMe(signal);
    const token = ok("token", `belongs to @${username}`);
    const info = await api.call<WebhookInfo>("getWebhookInfo", {}, signal);
    return [token, webhook(info, deleteWebhook, own !== false), ...pending(info, dropPending)];
  } catch (error) {
    const verdict = judgeStart(error, 1);
    if (verdict.action === "stop") return [problem("token", verdict.error)];
    const cause = error as Error;
    return [problem("token", cause, `cannot be checked: ${cause.message}; check --api-url and the connection to it`)];
  }
}

function webhook(
  { url, last_error_date, last_error_message }: WebhookInfo,
  isDeleted: boolean,
  isReplaced: boolean,
): Finding {
  if (!url) return ok("webhook", "none");
  // Only the host: the rest of the URL may be a secret between Telegram and that host.
  const host = URL.parse(url)?.host ?? "a host";
  if (isReplaced) return ok("webhook", `set to ${host}; --webhook replaces it at the start`);
  if (isDeleted) return ok("webhook", `set to ${host}; --delete-webhook deletes it at the start`);
  const failed = last_error_message
    ? ` (last failure on ${new Date((last_error_date ?? 0) * 1000).toISOString()}: ${last_error_message})`
    : "";
  return problem(
    "webhook",
    new ConflictError(
      "webhook",
      `set to ${host}, which receives the bot's updates${failed}; start with --delete-webhook to delete it`,
    ),
  );
}

function pending({ pending_update_count: count }: WebhookInfo, areDropped: boolean): Finding[] {
  if (!count) return [];
  const waiting = count === 1 ? "1 update waits" : `${count} updates wait`;
  if (areDropped) return [warning("webhook", `${waiting} at Telegram; --drop-pending drops them at the start`)];
  return [ok("webhook", `${waiting} at Telegram`)];
}
