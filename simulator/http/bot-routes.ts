/** The Bot API over HTTP, and downloads: what a bot sees. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "../api/refusal.ts";
import { RawJson } from "../api/telegram.ts";
import type { RawParameters } from "../api/validation.ts";
import type { BotWorld } from "../bot-world.ts";
import type { Worlds } from "../worlds.ts";
import { readBody, readParameters } from "./body.ts";
import { jsonReply, type Reply, refusalReply, responseOf, write, writeResponse } from "./reply.ts";

/** A call of the Bot API as received, before any check. */
export interface IncomingCall {
  /** Spelt as by the caller. */
  readonly method: string;
  readonly parameters: RawParameters;
  /** The raw request, for tests that act on its connection. */
  readonly incoming: IncomingMessage;
}

/**
 * Sits between the caller and the Bot API, to inject faults: it may pass the call on with `respond()`, answer with
 * another response (`refuse` makes one from a refusal), delay it, or combine these.
 */
export type Intercept = (call: IncomingCall, respond: () => Promise<Response>) => Promise<Response>;

export interface BotRoutesOptions {
  readonly worlds: Worlds;
  readonly now: () => number;
  readonly intercept: Intercept | undefined;
}

export const NOT_FOUND = new Refusal(404, "Not Found");
/** The format of a token from BotFather; any other path segment is answered with 404. */
const TOKEN = /^\d+:[\w-]+$/;
/** Telegram takes files of 50 MB; their call comes on top. */
const LONGEST_BODY = 51 * 2 ** 20;

/** @param segment of the path: `bot<token>` @throws Refusal */
export function worldAt(segment: string, worlds: Worlds): BotWorld {
  const token = segment.startsWith("bot") ? segment.slice("bot".length) : "";
  if (!TOKEN.test(token)) throw NOT_FOUND;
  const world = worlds.of(token);
  if (world === undefined) throw new Refusal(401, "Unauthorized");
  return world;
}

/** @throws Refusal */
export async function botCall(
  incoming: IncomingMessage,
  response: ServerResponse,
  { world, method, options }: { world: BotWorld; method: string; options: BotRoutesOptions },
): Promise<void> {
  // A world may end, and its bot goes on in the next one. Whether the caller is there is asked before anything is read.
  const signal = signalOf(response);
  const body = incoming.method === "GET" ? Buffer.alloc(0) : await readBody(incoming, LONGEST_BODY);
  const parameters = readParameters(incoming.url!, body, incoming.headers["content-type"]);
  world.calls.add(method, parameters, options.now());
  const reply = () => answer(method, parameters, signal, world);
  if (options.intercept === undefined) return write(response, await reply());
  const respond = async () => responseOf(await reply());
  await writeResponse(response, await options.intercept({ method, parameters, incoming }, respond));
}

/** Fires when the caller closes the connection before the answer is written. */
function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function answer(method: string, raw: RawParameters, signal: AbortSignal, { api }: BotWorld): Promise<Reply> {
  try {
    const result = await api.call(method, raw, signal);
    const json = result instanceof RawJson ? result.text : JSON.stringify(result);
    return jsonReply(200, `{"ok":true,"result":${json}}`);
  } catch (error) {
    if (error instanceof Refusal) return refusalReply(error);
    // The caller has closed the connection and does not read this.
    if (signal.aborted) return jsonReply(499, "");
    throw error;
  }
}

/** @param path the `file_path` of a file, with escapes @throws Refusal */
export function download({ files }: BotWorld, path: string): Reply {
  const bytes = files.bytes(path);
  if (bytes === undefined) throw NOT_FOUND;
  return { status: 200, headers: { "content-type": "application/octet-stream" }, body: bytes };
}
