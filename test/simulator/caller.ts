/** Calls the Bot API of a simulator over HTTP, as any bot would. */

import { setImmediate } from "node:timers/promises";
import type { Simulator } from "../../simulator/index.ts";

export interface Reply {
  ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the result of any method
  result?: any;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
}

export type Caller = (method: string, parameters?: object, signal?: AbortSignal) => Promise<Reply>;

/** Parameters that are files (Blob) make the call a form. */
export function callerOf({ url, token }: Simulator): Caller {
  return async (method, parameters = {}, signal) => {
    const isForm = Object.values(parameters).some((value) => value instanceof Blob);
    const request = isForm
      ? { body: formOf(parameters) }
      : { body: JSON.stringify(parameters), headers: { "content-type": "application/json" } };
    const response = await fetch(`${url}/bot${token}/${method}`, {
      method: "POST",
      ...request,
      ...(signal && { signal }),
    });
    const reply = (await response.json()) as Reply;
    if (!reply.ok && reply.error_code !== response.status)
      throw new Error(`the status is ${response.status}, the error code ${reply.error_code}`);
    return reply;
  };
}

function formOf(parameters: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parameters)) {
    if (value instanceof Blob) form.append(name, value);
    else form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return form;
}

/** `400 Bad Request: chat not found`, or `ok`. */
export const verdict = ({ ok, error_code, description }: Reply) => (ok ? "ok" : `${error_code} ${description}`);

/** Resolves when `count` calls of getUpdates have arrived: each is answered or waits. */
export async function arrived(simulator: Simulator, count = 1): Promise<void> {
  while (simulator.calls.filter(({ method }) => method === "getUpdates").length < count) await setImmediate();
}
