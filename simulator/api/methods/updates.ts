/** Getting updates: https://core.telegram.org/bots/api#getting-updates */

import type { Call } from "../call.ts";
import { conflict } from "../refusal.ts";
import { Described, type Handler, RawJson, type Telegram } from "../telegram.ts";

const MAX_TIMEOUT = 50;
const WEBHOOK_ACTIVE =
  "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

export const updateMethods: Record<string, Handler> = {
  async getUpdates(call, { settings, queue, poll }) {
    if (settings.webhook.url !== "") throw conflict(WEBHOOK_ACTIVE);
    const kinds = call.array("allowed_updates");
    if (kinds !== undefined) queue.allow(kinds);
    const request = {
      offset: Math.trunc(call.number("offset") ?? 0),
      limit: clamp(call.number("limit") ?? 100, 1, 100),
      timeout: clamp(call.number("timeout") ?? 0, 0, MAX_TIMEOUT),
    };
    const updates = await poll.poll(request, call.signal);
    return new RawJson(`[${updates.join(",")}]`);
  },

  setWebhook(call, telegram) {
    const url = call.string("url");
    if (url === undefined) return removeWebhook(call, telegram);
    const before = JSON.stringify(telegram.settings.webhook);
    const secret = call.string("secret_token") ?? "";
    const kinds = call.array<"message">("allowed_updates");
    if (kinds !== undefined) telegram.queue.allow(kinds);
    telegram.settings.webhook = {
      url,
      has_custom_certificate: call.has("certificate"),
      ...(call.has("ip_address") && { ip_address: call.string("ip_address")! }),
      max_connections: clamp(call.number("max_connections") ?? 40, 1, telegram.local ? 100_000 : 100),
      ...(kinds !== undefined && { allowed_updates: kinds }),
    };
    if (call.boolean("drop_pending_updates")) telegram.queue.clear();
    telegram.poll.interruptForWebhook();
    telegram.webhook?.set({ secret, certificate: certificateIn(call) });
    const isSame = JSON.stringify(telegram.settings.webhook) === before && !call.boolean("drop_pending_updates");
    return done(isSame ? "Webhook is already set" : "Webhook was set");
  },

  deleteWebhook: removeWebhook,

  getWebhookInfo: (_, { settings, queue }) => ({ ...settings.webhook, pending_update_count: queue.pending }),
};

/** True, with what the public server says beside it. */
const done = (description: string) => new Described(true, description);

function removeWebhook(call: Call, { settings, queue, webhook }: Telegram): Described {
  webhook?.unset();
  const wasSet = settings.webhook.url !== "";
  settings.webhook = { url: "", has_custom_certificate: false };
  if (call.boolean("drop_pending_updates")) queue.clear();
  return done(wasSet ? "Webhook was deleted" : "Webhook is already deleted");
}

/** The certificate that was uploaded, as PEM. */
function certificateIn(call: Call): string | undefined {
  const file = call.file("certificate");
  return typeof file === "object" ? Buffer.from(file.bytes).toString() : undefined;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, Math.trunc(value)));
