/**
 * A webhook may answer with a call, of which it does not learn the result:
 * https://core.telegram.org/bots/api#making-requests-when-getting-updates
 */

import type { WebhookAnswer } from "./webhook-client.ts";

/** A call as a request to `/bot<token>/<method>`. */
export interface AnsweredCall {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | FormData;
}

/** @returns the call in an answer; undefined if there is none */
export async function callIn({ type, body }: Pick<WebhookAnswer, "type" | "body">): Promise<AnsweredCall | undefined> {
  const content = new Response(body, { headers: { "content-type": type } });
  try {
    return /^application\/json/i.test(type) ? fromJson(await content.json()) : fromForm(await content.formData());
  } catch {
    return undefined;
  }
}

function fromJson(answer: unknown): AnsweredCall | undefined {
  const { method, ...parameters } = answer as { method?: unknown };
  if (typeof method !== "string") return undefined;
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(parameters) };
}

function fromForm(form: FormData): AnsweredCall | undefined {
  const method = form.get("method");
  form.delete("method");
  return typeof method === "string" ? { method, body: form } : undefined;
}
