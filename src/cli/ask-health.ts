/** Asks a running server for its health. Containers run this every few seconds, so it imports next to nothing. */

import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { http } from "../protocol/node-http.ts";

export interface Health {
  readonly isGood: boolean;
  /** The result in words. */
  readonly line: string;
}

/** Longest wait for the answer in ms. */
const TIMEOUT = 3000;

/** @param url URL of the server: `http://127.0.0.1:8082` */
export async function askHealth(url: string, { ready = false, timeout = TIMEOUT } = {}): Promise<Health> {
  const address = `${url}/${ready ? "readyz" : "healthz"}`;
  const good = ready ? "ready" : "healthy";
  try {
    const { status, body } = await ask(address, AbortSignal.timeout(timeout));
    if (status === 200) return { isGood: true, line: good };
    return { isGood: false, line: `not ${good}: ${reasonsIn(body) ?? `${address} answers ${status}`}` };
  } catch (error) {
    return {
      isGood: false,
      line: `not ${good}: no answer from ${address}: ${reasonOf(error as NodeJS.ErrnoException)}`,
    };
  }
}

async function ask(url: string, signal: AbortSignal): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  http.get(url, { signal, agent: false }, resolve).on("error", reject);
  const response = await promise;
  return { status: response.statusCode, body: await text(response) };
}

/** The reasons in an answer of /readyz (src/observe/readiness.ts). */
function reasonsIn(body: string): string | undefined {
  try {
    const { reasons } = JSON.parse(body) as { reasons: { reason: string }[] };
    return reasons.map(({ reason }) => reason).join("; ");
  } catch {
    return undefined;
  }
}

function reasonOf({ code, name, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED") return "nothing listens there; is the server running with --listen?";
  return name === "AbortError" || name === "TimeoutError" ? "it took too long" : (code ?? message);
}
