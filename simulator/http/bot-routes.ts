/** The Bot API over HTTP, and downloads: what a bot sees. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { parameterValues } from "../api/parameter-values.ts";
import { Refusal } from "../api/refusal.ts";
import { replyWith } from "../api/telegram.ts";
import type { RawParameters } from "../api/validation.ts";
import type { BotWorld } from "../bot-world.ts";
import type { RecordedCall } from "../state/call-log.ts";
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
  /** Aborted when the caller closes the connection before the answer. */
  readonly signal: AbortSignal;
  /** The call in the log. */
  readonly recorded: RecordedCall;
}

/**
 * Sits between the caller and the Bot API, to inject faults: it may pass the call on with `respond()`, answer with
 * another response (`refuse` makes one from a refusal), delay it, or combine these.
 */
export type Intercept = (call: IncomingCall, respond: () => Promise<Response>) => Promise<Response>;

export const NOT_FOUND = new Refusal(404, "Not Found");
/** The format of a token from BotFather; any other path segment is answered with 404. */
const TOKEN = /^\d+:[\w-]+$/;
/** Telegram takes files of 50 MB, a local server 2,000 MB; their call comes on top. */
const LONGEST_BODY = 51 * 2 ** 20;
const LONGEST_LOCAL_BODY = 2001 * 2 ** 20;

/** Bytes of a call's body. */
export const longestBody = (isLocal: boolean): number => (isLocal ? LONGEST_LOCAL_BODY : LONGEST_BODY);

/** @param segment of the path: `bot<token>` @throws Refusal */
export function worldAt(segment: string, worlds: Worlds): BotWorld {
  const token = segment.startsWith("bot") ? segment.slice("bot".length) : "";
  if (!TOKEN.test(token)) throw NOT_FOUND;
  const world = worlds.of(token);
  if (world === undefined) throw new Refusal(401, "Unauthorized");
  return world;
}

/** Answers a call. @throws Refusal if its body cannot be read */
export async function botCall(
  incoming: IncomingMessage,
  response: ServerResponse,
  world: BotWorld,
  method: string,
): Promise<void> {
  const signal = signalOf(response);
  const body = incoming.method === "GET" ? Buffer.alloc(0) : await readBody(incoming, longestBody(world.isLocal));
  const read = parametersOf(incoming, body);
  const answered = await carryOut({ method, read, incoming, signal }, world);
  if (answered instanceof Response) await writeResponse(response, answered);
  else write(response, answered);
}

/** A call whose parameters were read, or could not be. */
export interface GivenCall extends Pick<IncomingCall, "method" | "incoming" | "signal"> {
  readonly read: RawParameters | Refusal;
}

/** Carries out a call, which stands in the log before this returns. @returns the answer, which may be an error */
export async function carryOut(
  { method, read, incoming, signal }: GivenCall,
  world: BotWorld,
): Promise<Reply | Response> {
  const { calls, clock, faults } = world;
  const parameters = read instanceof Refusal ? {} : read;
  const recorded: RecordedCall = { method, parameters: parameterValues(method, parameters), time: clock.now() };
  calls.begin(recorded);
  signal.addEventListener("abort", () => calls.end(recorded, CLOSED_BY_CALLER), { once: true });
  const reply = async () =>
    read instanceof Refusal ? refusalOf(read, recorded) : await answer({ method, parameters, signal, recorded }, world);
  const { intercept } = faults;
  const respond = async () => responseOf(await reply());
  let answered: Reply | Response;
  try {
    const call = { method, parameters, incoming, signal, recorded };
    answered = intercept === undefined ? await reply() : await intercept(call, respond);
  } catch (error) {
    answered = refusalOf(refusalIn(error as Error), recorded);
  }
  calls.end(recorded, answered.status);
  return answered;
}

/** The status for a caller that closed the connection before the answer; it does not read it. */
const CLOSED_BY_CALLER = 499;

/** Any other error is a mistake of the simulator, or of a test's own `intercept`. */
export const refusalIn = (error: Error) =>
  error instanceof Refusal ? error : new Refusal(500, `Internal Server Error: ${error.message}`);

function parametersOf(incoming: IncomingMessage, body: Buffer): RawParameters | Refusal {
  try {
    return readParameters(incoming.url!, body, incoming.headers["content-type"]);
  } catch (error) {
    return refusalIn(error as Error);
  }
}

/** Fires when the caller closes the connection before the answer is written. */
function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

interface ReadCall {
  readonly method: string;
  readonly parameters: RawParameters;
  readonly signal: AbortSignal;
  readonly recorded: RecordedCall;
}

async function answer({ method, parameters, signal, recorded }: ReadCall, { api }: BotWorld): Promise<Reply> {
  try {
    const { json, result } = replyWith(await api.call(method, parameters, signal));
    if (result !== undefined) recorded.result = result;
    return jsonReply(200, json);
  } catch (error) {
    if (error instanceof Refusal) return refusalOf(error, recorded);
    // The caller has closed the connection and does not read this.
    if (signal.aborted) return jsonReply(CLOSED_BY_CALLER, "");
    throw error;
  }
}

function refusalOf(refusal: Refusal, recorded: RecordedCall): Reply {
  recorded.error = refusal.description;
  return refusalReply(refusal);
}

/**
 * A local server has no downloads: its bot opens the path that getFile gives. So no caller over HTTP gets the files of this machine that
 * the server opens by their paths.
 * @param path the `file_path` of a file, with escapes
 * @throws Refusal
 */
export function download({ files, isLocal }: BotWorld, path: string): Reply {
  const bytes = isLocal ? undefined : files.bytes(path);
  if (bytes === undefined) throw NOT_FOUND;
  return { status: 200, headers: { "content-type": "application/octet-stream" }, body: bytes };
}
