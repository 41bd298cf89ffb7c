/**
 * The call that a webhook may give in its answer to an update. The bot does not learn its result.
 * https://core.telegram.org/bots/api#making-requests-when-getting-updates
 */

import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { RawParameters } from "./api/validation.ts";
import type { BotWorld } from "./bot-world.ts";
import { readParameters } from "./http/body.ts";
import { carryOut } from "./http/bot-routes.ts";
import type { WebhookAnswer } from "./webhook-client.ts";

/** Carries out the call in an answer, if there is one. It stands in the log before this returns. */
export function callFrom(answer: WebhookAnswer, world: BotWorld): void {
  const { method, ...read } = parametersOf(answer);
  if (typeof method !== "string" || !isTaken(method.toLowerCase())) return;
  // No connection waits for the result. That of the answer may carry the next update: a fault must not break it.
  const incoming = new IncomingMessage(new Socket());
  void carryOut({ method, read, incoming, signal: new AbortController().signal }, world);
}

function parametersOf({ body, type }: WebhookAnswer): RawParameters {
  try {
    return readParameters("", body, type);
  } catch {
    // Many webhooks answer with any text, such as "ok", whatever they say its type is.
    return {};
  }
}

/** WebhookActor.cpp ignores a method that only asks, as nobody would learn its result, and one that changes the webhook or ends the bot. */
const isTaken = (method: string) => method !== "" && !method.startsWith("get") && !IGNORED.has(method);

const IGNORED: ReadonlySet<string> = new Set(["setwebhook", "deletewebhook", "close", "logout"]);
