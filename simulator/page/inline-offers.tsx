/** Inline mode: what the bot offers for a query, and the one that is chosen. */

import type { InlineQueryResult } from "@grammyjs/types";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { moveInOffers } from "./keys.ts";
import { act } from "./server.ts";
import { here, inTopic, me, tell, world } from "./state.ts";

/** Pause after the last key before the bot is asked: ms. */
const PAUSE = 250;

export function InlineOffers({ query, done }: { query: string; done: () => void }) {
  const asked = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const ask = async () => {
      const { inline_query_id } = await act("inlineQuery", { user_id: here().user_id, query });
      asked.value = inline_query_id;
    };
    const timer = setTimeout(() => void tell(ask()), PAUSE);
    return () => clearTimeout(timer);
  }, [query]);

  const offers = world.value!.offers.get(me.value!.id);
  if (offers === undefined || offers.inline_query_id !== asked.value)
    return <p class="offers quiet">The bot is asked …</p>;
  const { inline_query_id, results } = offers;
  const choose = async (result: InlineQueryResult) => {
    await act("choose", { ...here(), inline_query_id, result: result.id, ...inTopic() });
    done();
  };
  return (
    <ul class="offers" aria-label="Results" onKeyDown={moveInOffers}>
      {results.length === 0 && <li class="quiet">No results</li>}
      {results.map((result) => (
        <li key={result.id}>
          <button type="button" onClick={() => tell(choose(result))}>
            <b>{("title" in result && result.title) || result.type}</b>{" "}
            <span class="quiet">{"description" in result ? result.description : ""}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
