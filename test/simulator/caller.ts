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

export function callerOf({ url, token }: Pick<Simulator, "url" | "token">): Caller {
  return async (method, parameters = {}, signal) => {
    const response = await fetch(`${url}/bot${token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
      ...(signal && { signal }),
    });
    const reply = (await response.json()) as Reply;
    if (!reply.ok && reply.error_code !== response.status)
      throw new Error(`the status is ${response.status}, the error code ${reply.error_code}`);
    return reply;
  };
}

/** `400 Bad Request: chat not found`, or `ok`. */
export const verdict = ({ ok, error_code, description }: Reply) => (ok ? "ok" : `${error_code} ${description}`);

/** Resolves when `count` calls of getUpdates have arrived: each is answered or waits. */
export async function arrived(simulator: Simulator, count = 1): Promise<void> {
  while (simulator.calls.filter(({ method }) => method === "getUpdates").length < count) await setImmediate();
}
