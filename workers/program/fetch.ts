/**
 * Answers the requests to the Bot API that a program makes with a fetch function: the global one, or node-fetch. Other requests, and
 * those of other bots, go on to the function itself.
 */

import type { Answer, LocalBotApi, Signal } from "./local-bot-api.ts";
import type { RawParameters } from "./raw-call.ts";

type Fetch = typeof globalThis.fetch;

/** A request's path: the API's host may be any. */
const METHOD = /^https?:\/\/[^/?#]+\/bot(\d+:[\w-]+)\/(?:test\/)?(\w+)(?:\?|$)/;

export function localFetch(original: Fetch, api: LocalBotApi): Fetch {
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const match = METHOD.exec(url);
    if (match === null || !api.admits(match[1]!)) return original(input, init);
    const request = api.request.bind(api, match[1]!, match[2]!);
    return input instanceof Request
      ? answered(input.clone(), request, init?.signal ?? input.signal)
      : answered({ url, body: init?.body, headers: init?.headers }, request, init?.signal);
  };
}

type Init = ConstructorParameters<typeof Response>;

interface RequestParts {
  url: string;
  body?: unknown;
  headers?: unknown;
}

async function answered(
  parts: RequestParts,
  request: (parameters: RawParameters, signal: Signal | undefined) => Promise<Answer>,
  signal?: Signal | null,
): Promise<Response> {
  const parameters = await parametersOf(parts);
  let answer: Answer;
  try {
    answer = await request(parameters, signal ?? undefined);
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new TypeError("fetch failed", { cause });
  }
  const status = answer.ok ? 200 : answer.error_code;
  const response = new Response(JSON.stringify(answer), {
    status,
    headers: { "content-type": "application/json" },
  });
  // Most programs ask for that: they need not read what was just written.
  return Object.assign(response, { json: async () => answer });
}

async function parametersOf({ url, body, headers }: RequestParts): Promise<RawParameters> {
  const query = Object.fromEntries(new URL(url).searchParams);
  if (body === undefined || body === null) return query;
  // Most calls are such.
  if (typeof body === "string" && body.startsWith("{")) return { ...query, ...JSON.parse(body) };
  // An async iterable, too, which node-fetch takes.
  const whole = new Response(body as Init[0], { headers: headers as Headers });
  const type = whole.headers.get("content-type") ?? "";
  if (/^(?:multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type)) {
    return { ...query, ...Object.fromEntries(await whole.formData()) };
  }
  const text = await whole.text();
  return { ...query, ...(text === "" ? {} : JSON.parse(text)) };
}
