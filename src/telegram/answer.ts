/** Refusals in the answers of the Bot API: https://core.telegram.org/bots/api#making-requests */

import { NetworkError, type ResponseParameters, TelegramError } from "../protocol/errors.ts";

/** An answer as parsed JSON: any field may be missing, or of any type. */
interface BotApiAnswer {
  ok?: unknown;
  error_code?: unknown;
  description?: unknown;
  parameters?: unknown;
}

export function readAnswer(text: string): BotApiAnswer | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @returns the error that an answer other than success stands for */
export function refusalIn(method: string, status: number, answer: BotApiAnswer | null, retryAfter: number): Error {
  const wait = retryAfter > 0 ? { retry_after: retryAfter } : {};
  const error_code = answer?.error_code ?? status;
  if (answer?.ok !== false || !Number.isSafeInteger(error_code) || (error_code as number) < 400) {
    if (status === 429) return new TelegramError(method, status, "Too Many Requests", wait);
    if (status >= 500) return new TelegramError(method, status, "the server answered with an error page");
    return new NetworkError(method, "unknown", `the answer (HTTP ${status}) is not a Bot API answer`);
  }
  const description = typeof answer.description === "string" ? answer.description : "no description";
  const parameters = { ...(error_code === 429 && wait), ...numbersIn(answer.parameters) };
  return new TelegramError(method, error_code as number, description, parameters);
}

/** An error's parameters are numbers (https://core.telegram.org/bots/api#responseparameters). */
function numbersIn(parameters: unknown): ResponseParameters {
  return Object.fromEntries(Object.entries(parameters ?? {}).filter(([, value]) => Number.isFinite(value)));
}
