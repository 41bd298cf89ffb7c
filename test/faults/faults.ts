/**
 * Faults of a Bot API, by name. Each answers one call in its own bad way. A fault that spoils a good answer has the call
 * carried out first. The others carry it out or not as `call.carriesOut` says: a real server may break before its work or
 * after it.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "./random.ts";

/** One call, with the means to answer it badly. */
export interface FaultyCall {
  /** In the caller's spelling. */
  readonly method: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly random: Random;
  /** True if a fault that needs no good answer is to have the call carried out all the same. */
  readonly carriesOut: boolean;
  /** Carries the call out; a long poll does not wait. @returns the good answer as text */
  good(): Promise<string>;
  /** The last answer to getUpdates with updates in it. */
  readonly lastUpdates: string | undefined;
}

export type Fault = (call: FaultyCall) => void | Promise<void>;

/** Carries the call out if `carriesOut` says so, and gives another answer. */
function instead(answer: Fault): Fault {
  return async (call) => {
    if (call.carriesOut) await call.good();
    await answer(call);
  };
}

/** A proper HTTP answer, but not that of the call. */
function answering(status: number, type: string, body: string, headers: Record<string, string> = {}): Fault {
  return instead(({ response }) => void response.writeHead(status, { "content-type": type, ...headers }).end(body));
}

function refusing(error_code: number, description: string, parameters?: object): Fault {
  const body = JSON.stringify({ ok: false, error_code, description, ...(parameters && { parameters }) });
  return answering(error_code, "application/json", body);
}

const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center><hr></body>\r\n</html>\r\n`;

/** Answers that are JSON, but not Bot API answers. */
const NONSENSE = [
  "",
  "null",
  "[]",
  "7",
  '"ok"',
  '{"ok":true}',
  '{"ok":true,"result":null}',
  '{"ok":true,"result":7}',
  '{"ok":true,"result":{"0":{}}}',
  '{"ok":"true","result":[]}',
  '{"ok":false}',
  '{"ok":false,"error_code":"400","description":7,"parameters":null}',
];

export const FAULTS = {
  // ---- the connection ----
  /** Reset before the answer. */
  reset: instead(({ request }) => void request.socket.resetAndDestroy()),
  /** Closed properly before the answer. */
  hangup: instead(({ request }) => void request.socket.end()),
  /** Accepted, never answered. */
  halfOpen: instead(() => {}),
  resetInBody: async (call) => {
    await beginAnswer(call, { halfway: true });
    call.request.socket.resetAndDestroy();
  },
  /** Stops halfway through the answer and stays silent. */
  stallInBody: (call) => beginAnswer(call, { halfway: true }),
  /** The whole answer, in small pieces. */
  slowDrip: (call) => beginAnswer(call, { halfway: false }),
  /** An answer that is not HTTP. */
  notHttp: instead(({ request }) => void request.socket.end("SSH-2.0-OpenSSH_9.7\r\n")),

  // ---- the answer, as HTTP has it ----
  /** Half the JSON, and a content-length to match. */
  truncated: async (call) => {
    const text = await call.good();
    call.response.writeHead(200, JSON_TYPE).end(text.slice(0, Math.ceil(text.length / 2)));
  },
  /** Half the JSON, ended by the end of the connection. */
  truncatedWithoutLength: async (call) => {
    const text = await call.good();
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    call.request.socket.end(head + text.slice(0, Math.ceil(text.length / 2)));
  },
  /** Shorter than content-length says. */
  shortOfLength: async (call) => {
    const text = await call.good();
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${2 * text.length}\r\n\r\n`;
    call.request.socket.end(head + text);
  },
  /** Good but for its content type. */
  wrongContentType: async (call) => {
    call.response.writeHead(200, { "content-type": "text/html" }).end(await call.good());
  },
  htmlPage: answering(200, "text/html", page("Welcome to nginx!")),
  badGateway: answering(502, "text/html", page("502 Bad Gateway")),
  redirect: answering(302, "text/html", page("302 Found"), { location: "http://127.0.0.1:9/login" }),
  nonsense: instead(({ response, random, method }) => {
    // A false "ok" to a call that was not carried out cannot be detected.
    const choice = /^getUpdates$/i.test(method) ? NONSENSE : NONSENSE.filter((text) => !text.startsWith('{"ok":true'));
    response.writeHead(200, JSON_TYPE).end(random.pick(choice));
  }),

  // ---- the answer, as the Bot API has it ----
  internalError: refusing(500, "Internal Server Error"),
  restarting: refusing(500, "Internal Server Error: restart"),
  unavailable: refusing(503, "Service Unavailable"),
  tooMany: refusal429({ retry_after: 1 }),
  tooManyWithoutTime: refusal429(),
  tooManyForUnknownTime: never(
    answering(
      429,
      "application/json",
      '{"ok":false,"error_code":429,"description":null,"parameters":{"retry_after":"soon"}}',
    ),
  ),
  tooManyPage: never(answering(429, "text/html", page("429 Too Many Requests"), { "retry-after": "1" })),
  webhookSet: never(
    refusing(
      409,
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first",
    ),
  ),
  otherPoller: never(
    refusing(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"),
  ),

  // ---- updates ----
  /** No updates, at once: a long poll that does not wait. */
  emptyAtOnce: never(answering(200, "application/json", '{"ok":true,"result":[]}')),
  /** The updates of the last batch, at any offset. */
  sameAgain: never(({ response, lastUpdates }) => {
    response.writeHead(200, JSON_TYPE).end(lastUpdates ?? '{"ok":true,"result":[]}');
  }),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** Faults that spoil the answer to a call that has been carried out. */
export const SPOILING: ReadonlySet<FaultName> = new Set([
  "resetInBody",
  "stallInBody",
  "slowDrip",
  "truncated",
  "truncatedWithoutLength",
  "shortOfLength",
  "wrongContentType",
]);

/** Faults of getUpdates only. */
export const POLL_FAULTS: ReadonlySet<unknown> = new Set<FaultName>([
  "webhookSet",
  "otherPoller",
  "emptyAtOnce",
  "sameAgain",
]);

const JSON_TYPE = { "content-type": "application/json" };

/** The fault without carrying the call out: for refusals. */
function never(fault: Fault): Fault {
  return (call) => fault({ ...call, carriesOut: false });
}

function refusal429(parameters?: { retry_after: number }): Fault {
  return never(refusing(429, "Too Many Requests: retry later", parameters));
}

/** Duration of a slow answer: ms. */
const DRIP = 600;
const DROPS = 12;

/** Sends the good answer in small pieces. With `halfway` it stops in the middle and leaves the answer open. */
async function beginAnswer(call: FaultyCall, { halfway }: { halfway: boolean }): Promise<void> {
  const { response } = call;
  const bytes = Buffer.from(await call.good());
  response.writeHead(200, { ...JSON_TYPE, "content-length": bytes.length });
  const size = Math.ceil(bytes.length / DROPS);
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    if (halfway && at >= bytes.length / 2) return;
    response.write(bytes.subarray(at, at + size));
    await delay(halfway ? 1 : DRIP / DROPS);
  }
  response.end();
}
