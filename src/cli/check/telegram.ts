/** What Telegram says of the token and of the webhook. Nothing here takes an update or changes anything. */

import type { WebhookInfo } from "@grammyjs/types";
import { ConflictError } from "../../protocol/errors.ts";
import type { BotApi } from "../../telegram/bot-api.ts";
import { judgeStart } from "../../telegram/retry.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface TelegramOptions {
  readonly api: Pick<BotApi, "getMe" | "call">;
  readonly deleteWebhook: boolean;
  readonly dropPending: boolean;
}

/** How long Telegram may take to answer: ms. */
const TIMEOUT = 10_000;

export async function checkTelegram({ api, deleteWebhook, dropPending }: TelegramOptions): Promise<Finding[]> {
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const { username } = await api.getMe(signal);
    const token = ok("token", `it is that of @${username}`);
    const info = await api.call<WebhookInfo>("getWebhookInfo", {}, signal);
    return [token, webhook(info, deleteWebhook), ...pending(info, dropPending)];
  } catch (error) {
    const verdict = judgeStart(error, 1);
    if (verdict.action === "stop") return [problem("token", verdict.error)];
    const cause = error as Error;
    return [problem("token", cause, `it cannot be checked: ${cause.message}; look at --api-url and the way there`)];
  }
}

function webhook({ url, last_error_date, last_error_message }: WebhookInfo, isDeleted: boolean): Finding {
  if (!url) return ok("webhook", "none is set");
  // No more than the host: what else the URL holds may be a secret between Telegram and that host.
  const host = URL.parse(url)?.host ?? "a host";
  if (isDeleted) return ok("webhook", `one is set at ${host}; --delete-webhook removes it at the start`);
  const failed = last_error_message
    ? ` (it last failed on ${new Date((last_error_date ?? 0) * 1000).toISOString()}: ${last_error_message})`
    : "";
  return problem(
    "webhook",
    new ConflictError(
      "webhook",
      `one is set at ${host}, so the bot's updates go there${failed}; start with --delete-webhook to remove it`,
    ),
  );
}

function pending({ pending_update_count: count }: WebhookInfo, areDropped: boolean): Finding[] {
  if (!count) return [];
  const waiting = count === 1 ? "1 update waits" : `${count} updates wait`;
  if (areDropped) return [warning("webhook", `${waiting} at Telegram; --drop-pending forgets them at the start`)];
  return [ok("webhook", `${waiting} at Telegram`)];
}
