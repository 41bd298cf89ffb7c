/** What the Bot API says when it does not do what it was asked: https://core.telegram.org/bots/api#making-requests */

import { NetworkError, type ResponseParameters, TelegramError } from "../protocol/errors.ts";

/** As an answer may be: that it is JSON says nothing of what is in it. */
interface ApiAnswer {
  ok?: unknown;
  error_code?: unknown;
  description?: unknown;
  parameters?: unknown;
}

export function readAnswer(text: string): ApiAnswer | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whatever came back that is no success. */
export function refusalIn(method: string, status: number, answer: ApiAnswer | null, retryAfter: number): Error {
  const wait = retryAfter > 0 ? { retry_after: retryAfter } : {};
  const error_code = answer?.error_code ?? status;
  if (answer?.ok !== false || !Number.isSafeInteger(error_code) || (error_code as number) < 400) {
    if (status === 429) return new TelegramError(method, status, "Too Many Requests", wait);
    if (status >= 500) return new TelegramError(method, status, "the server answered with an error page");
    return new NetworkError(method, "unknown", `the answer (HTTP ${status}) is not one of the Bot API`);
  }
  const description = typeof answer.description === "string" ? answer.description : "no description";
  const parameters = { ...(error_code === 429 && wait), ...numbersIn(answer.parameters) };
  return new TelegramError(method, error_code as number, description, parameters);
}

/** All that an error's parameters can be (https://core.telegram.org/bots/api#responseparameters). */
function numbersIn(parameters: unknown): ResponseParameters {
  return Object.fromEntries(Object.entries(parameters ?? {}).filter(([, value]) => Number.isFinite(value)));
}
