/** The secrets of a webhook, which only Telegram and the server know. Derived from the token, so that a restart changes nothing. */

import { createHmac } from "node:crypto";

export interface WebhookSecrets {
  /** Last segment of the URL's path, which cannot be guessed. */
  readonly segment: string;
  /** Telegram sends it with each request: https://core.telegram.org/bots/api#setwebhook, `secret_token`. */
  readonly secret: string;
}

/** Neither tells anything of the token, nor of the other: both are HMACs under it. */
export function webhookSecretsOf(token: string): WebhookSecrets {
  return { segment: derived(token, "webhook path"), secret: derived(token, "webhook secret") };
}

/** 43 letters, digits, `_` and `-`: Telegram allows no others. */
function derived(token: string, purpose: string): string {
  return createHmac("sha256", token).update(`asgigram ${purpose}`).digest("base64url");
}
