/**
 * Answers the requests to the Bot API that a program makes with a fetch function: the global one, or node-fetch. Other requests, and
 * those of other bots, go on to the function itself.
 */

import { linkIn } from "./links.ts";
import { type LocalAnswer, type LocalBotApi, malformed, type SignalLike } from "./local-bot-api.ts";
import { lostRequest, type NodeFetchError } from "./lost-request.ts";
import { parseJson, queryOf, readParameters } from "./parameters.ts";
import type { RawParameters } from "./raw-call.ts";
import { Spool } from "./spool.ts";
import { knownConnections } from "./unknown-connections.ts";

export type Fetch = typeof globalThis.fetch;

/** @param original the global fetch */
export function localFetch(original: Fetch, api: LocalBotApi): Fetch {
  return (input, init) => {
    const isRequest = input instanceof Request;
    const link = linkIn(isRequest ? input.url : String(input));
    if (link === undefined || !api.admits(link)) return knownConnections.run(true, original, input, init);
    const signal = init?.signal ?? (isRequest ? input.signal : undefined);
    if ("path" in link) return unlessAborted(() => answeredFile(api.download(link)), signal);
    if (!isRequest && isJson(init?.body)) {
      const { body } = init;
      const request = async () => api.request(link, withJson(String(input), body), signal);
      return unlessAborted(() => answered(request().catch(malformed)), signal);
    }
    return unlessAborted(async () => {
      const spool = new Spool();
      const parts = isRequest ? new Request(input, init) : { url: String(input), ...init };
      const request = async () => api.request(link, await parametersOf(parts, spool), signal);
      try {
        return await answered(request().catch(malformed));
      } finally {
        await spool.discard();
      }
    }, signal);
  };
}

/** The function of the package, with the classes that it has for its answers and errors. */
type NodeFetch = Fetch & {
  readonly Response?: typeof Response;
  readonly FetchError?: NodeFetchError;
};

/**
 * @param original node-fetch. JSON to a method is answered here, which is fast. All other requests go on to it, and http.ts answers them
 */
export function localNodeFetch(original: NodeFetch, api: LocalBotApi): Fetch {
  return (input, init) => {
    const link = isJson(init?.body) ? linkIn(String(input)) : undefined;
    if (link === undefined || "path" in link || !api.admits(link)) return original(input, init);
    const { body, signal } = init as { body: string; signal?: SignalLike | null };
    const { Response, FetchError } = original;
    const fail = (cause: Error): never => {
      if (FetchError === undefined || cause.name === "AbortError") return lost(cause);
      throw lostRequest(FetchError, link.method, cause);
    };
    const request = async () => api.request(link, withJson(String(input), body), signal ?? undefined);
    return unlessAborted(() => answered(request().catch(malformed), Response, fail), signal);
  };
}

type ResponseBody = ConstructorParameters<typeof Response>[0];

function isJson(body: unknown): body is string {
  return typeof body === "string" && body.startsWith("{");
}

function withJson(url: string, body: string): RawParameters {
  return { ...queryOf(url), ...parseJson(body) };
}

async function parametersOf(request: Pick<RequestInit, "body" | "headers"> & { url: string }, spool: Spool) {
  const { url, body } = request;
  if (body instanceof FormData) {
    const form = await Promise.all([...body].map(async ([key, value]) => [key, await spool.takeField(value)]));
    return { ...queryOf(url), ...Object.fromEntries(form) };
  }
  // It knows the media type of each kind of body.
  const whole = new Response((body ?? null) as ResponseBody, { headers: request.headers as Headers });
  const type = whole.headers.get("content-type") ?? undefined;
  return await readParameters({ url, type, body: whole.body ?? undefined }, spool);
}

async function answered(answer: Promise<LocalAnswer>, Class = Response, fail = lost): Promise<Response> {
  const outcome = await answer.catch(fail);
  // Most programs ask for that: they need not read what was just written.
  return Object.assign(jsonOf(outcome, Class), { json: async () => outcome });
}

async function answeredFile(file: ReturnType<LocalBotApi["download"]>): Promise<Response> {
  const outcome = await file.catch(lost);
  if (!(outcome instanceof ReadableStream)) return jsonOf(outcome, Response);
  return new Response(outcome, { headers: { "content-type": "application/octet-stream" } });
}

function jsonOf(answer: LocalAnswer, Class: typeof Response): Response {
  const status = answer.ok ? 200 : answer.error_code;
  return new Class(JSON.stringify(answer), { status, headers: { "content-type": "application/json" } });
}

/** The connection is lost, as far as the program knows. */
function lost(cause: Error): never {
  throw cause.name === "AbortError" ? cause : new TypeError("fetch failed", { cause });
}

/** Settles as the request does, or rejects as soon as the signal is aborted. A call that has begun is made all the same. */
function unlessAborted(begin: () => Promise<Response>, signal: SignalLike | null | undefined): Promise<Response> {
  if (signal === undefined || signal === null) return begin();
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject((signal as AbortSignal).reason ?? new DOMException("This operation was aborted", "AbortError"));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    begin()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
