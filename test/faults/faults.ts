/**
 * What can be wrong with a Bot API, by name. Each fault answers one call in its own bad way. Where that needs a good answer to
 * spoil, the call is carried out first; the others carry it out or not as `exchange.carriesOut` says, as a real server may
 * have done its work, or not, before it broke.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "./random.ts";

/** One call, and the means to answer it badly. */
export interface Exchange {
  /** As the caller spelt it. */
  readonly method: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly random: Random;
  /** Whether a fault that needs no good answer shall have the call carried out nevertheless. */
  readonly carriesOut: boolean;
  /** The good answer, as text. A long poll does not wait. */
  good(): Promise<string>;
  /** The last answer to getUpdates that held any updates. */
  readonly lastUpdates: string | undefined;
}

export type Fault = (exchange: Exchange) => void | Promise<void>;

/** Does the work if it is to be done, and answers otherwise. */
function instead(answer: Fault): Fault {
  return async (exchange) => {
    if (exchange.carriesOut) await exchange.good();
    await answer(exchange);
  };
}

/** Answers with something else, properly. */
function answering(status: number, type: string, body: string, headers: Record<string, string> = {}): Fault {
  return instead(({ response }) => void response.writeHead(status, { "content-type": type, ...headers }).end(body));
}

function refusing(error_code: number, description: string, parameters?: object): Fault {
  const body = JSON.stringify({ ok: false, error_code, description, ...(parameters && { parameters }) });
  return answering(error_code, "application/json", body);
}

const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center><hr></body>\r\n</html>\r\n`;

/** Answers that are JSON, and yet none of the Bot API. */
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
  /** Closed before anything is answered. */
  reset: instead(({ request }) => void request.socket.resetAndDestroy()),
  /** Closed politely before anything is answered. */
  hangup: instead(({ request }) => void request.socket.end()),
  /** Accepted, and never answered. */
  halfOpen: instead(() => {}),
  resetInBody: async (exchange) => {
    await beginAnswer(exchange, { halfway: true });
    exchange.request.socket.resetAndDestroy();
  },
  /** Stops in the middle of the answer, and says no more. */
  stallInBody: (exchange) => beginAnswer(exchange, { halfway: true }),
  /** The whole answer, a little at a time. */
  slowDrip: (exchange) => beginAnswer(exchange, { halfway: false }),
  /** Speaks, but not HTTP. */
  notHttp: instead(({ request }) => void request.socket.end("SSH-2.0-OpenSSH_9.7\r\n")),

  // ---- the answer, as HTTP has it ----
  /** Half the JSON, and a content-length to match. */
  truncated: async (exchange) => {
    const text = await exchange.good();
    exchange.response.writeHead(200, JSON_TYPE).end(text.slice(0, Math.ceil(text.length / 2)));
  },
  /** Half the JSON, whose end is the end of the connection. */
  truncatedWithoutLength: async (exchange) => {
    const text = await exchange.good();
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    exchange.request.socket.end(head + text.slice(0, Math.ceil(text.length / 2)));
  },
  /** Less than content-length says. */
  shortOfLength: async (exchange) => {
    const text = await exchange.good();
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${2 * text.length}\r\n\r\n`;
    exchange.request.socket.end(head + text);
  },
  /** As it should be, but for its content type. */
  wrongContentType: async (exchange) => {
    exchange.response.writeHead(200, { "content-type": "text/html" }).end(await exchange.good());
  },
  htmlPage: answering(200, "text/html", page("Welcome to nginx!")),
  badGateway: answering(502, "text/html", page("502 Bad Gateway")),
  redirect: answering(302, "text/html", page("302 Found"), { location: "http://127.0.0.1:9/login" }),
  nonsense: instead(({ response, random, method }) => {
    // That a call succeeded which was not carried out, no server has to see through.
    const choice = /^getUpdates$/i.test(method) ? NONSENSE : NONSENSE.filter((text) => !text.startsWith('{"ok":true'));
    response.writeHead(200, JSON_TYPE).end(random.pick(choice));
  }),

  // ---- the answer, as the Bot API has it ----
  internalError: refusing(500, "Internal Server Error"),
  restarting: refusing(500, "Internal Server Error: restart"),
  unavailable: refusing(503, "Service Unavailable"),
  tooMany: refusal429({ retry_after: 1 }),
  tooManyWithoutTime: refusal429(),
  tooManyForNobodyKnows: never(
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
  /** A long poll that does not wait. */
  emptyAtOnce: never(answering(200, "application/json", '{"ok":true,"result":[]}')),
  /** Whatever the offset, the updates of the last batch. */
  sameAgain: never(({ response, lastUpdates }) => {
    response.writeHead(200, JSON_TYPE).end(lastUpdates ?? '{"ok":true,"result":[]}');
  }),
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** These spoil the answer to a call that has been carried out. */
export const SPOILING: ReadonlySet<FaultName> = new Set([
  "resetInBody",
  "stallInBody",
  "slowDrip",
  "truncated",
  "truncatedWithoutLength",
  "shortOfLength",
  "wrongContentType",
]);

/** These can befall getUpdates only. */
export const POLL_FAULTS: ReadonlySet<unknown> = new Set<FaultName>([
  "webhookSet",
  "otherPoller",
  "emptyAtOnce",
  "sameAgain",
]);

const JSON_TYPE = { "content-type": "application/json" };

/** A refusal: whatever else is said, the call is not carried out. */
function never(fault: Fault): Fault {
  return (exchange) => fault({ ...exchange, carriesOut: false });
}

function refusal429(parameters?: { retry_after: number }): Fault {
  return never(refusing(429, "Too Many Requests: retry later", parameters));
}

/** How long a slow answer takes: ms. */
const DRIP = 600;
const DROPS = 12;

/** Sends the good answer in small pieces; halfway, if so asked, it stops and leaves the answer open. */
async function beginAnswer(exchange: Exchange, { halfway }: { halfway: boolean }): Promise<void> {
  const { response } = exchange;
  const bytes = Buffer.from(await exchange.good());
  response.writeHead(200, { ...JSON_TYPE, "content-length": bytes.length });
  const size = Math.ceil(bytes.length / DROPS);
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    if (halfway && at >= bytes.length / 2) return;
    response.write(bytes.subarray(at, at + size));
    await delay(halfway ? 1 : DRIP / DROPS);
  }
  response.end();
}
