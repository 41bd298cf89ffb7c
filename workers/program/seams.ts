/** Everything by which a program's requests to the Bot API are answered in its thread. */

import { localFetch } from "./fetch.ts";
import { localHttp } from "./http.ts";
import type { LocalBotApi } from "./local-bot-api.ts";
import { refuseUnknownConnections } from "./unknown-connections.ts";

export { localNodeFetch } from "./fetch.ts";

/** Replaces the functions by which a program reaches the Bot API. @returns puts them back */
export function answerRequests(api: LocalBotApi): () => void {
  const { fetch } = globalThis;
  globalThis.fetch = localFetch(fetch, api);
  const restore = [localHttp(api), refuseUnknownConnections()];
  return () => {
    globalThis.fetch = fetch;
    for (const back of restore) back();
  };
}
