/** Answers to HTTP requests. */

import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { Refusal } from "../api/refusal.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const JSON_TYPE = { "content-type": "application/json" };

/** @param json the body */
export const jsonReply = (status: number, json: string, headers: Reply["headers"] = {}): Reply => ({
  status,
  headers: { ...JSON_TYPE, ...headers },
  body: json,
});

/** Telegram's form of an error: https://core.telegram.org/bots/api#making-requests */
export function refusalReply({ error_code, description, parameters }: Refusal): Reply {
  const retry_after = parameters?.retry_after;
  const json = JSON.stringify({ ok: false, error_code, description, ...(parameters && { parameters }) });
  return jsonReply(error_code, json, retry_after === undefined ? {} : { "retry-after": String(retry_after) });
}

/** @param isLast true if the connection ends with it: the rest of the request is not read */
export function write(response: ServerResponse, { status, headers, body }: Reply, isLast = false): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...headers, "content-length": length, ...(isLast && { connection: "close" }) });
  response.end(body);
}

/** A refusal as an HTTP response, for `intercept`. */
export const refuse = (refusal: Refusal): Response => responseOf(refusalReply(refusal));

export const responseOf = ({ status, headers, body }: Reply): Response =>
  new Response(body as string | Uint8Array<ArrayBuffer>, { status, headers: { ...headers } });

/** Writes a response that may be a stream. */
export async function writeResponse(response: ServerResponse, { status, headers, body }: Response): Promise<void> {
  response.writeHead(status, Object.fromEntries(headers));
  if (body === null) return void response.end();
  // A caller that closes the connection does not read the rest.
  await pipeline(body as ReadableStream<Uint8Array>, response).catch(() => {});
}
