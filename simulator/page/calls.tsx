/** Each call of the Bot API. */

import { useSignal } from "@preact/signals";
import type { CallOrigin } from "../inspector/call-origins.ts";
import type { NumberedCall } from "../inspector/snapshot.ts";
import { SearchField, useOpened } from "./log-parts.tsx";
import { clockOf, durationOf } from "./names.ts";
import { OutcomeChoice } from "./outcome-choice.tsx";
import { type Outcome, outcomeOfCall, wordsOfCall } from "./outcomes.ts";
import { openCall, openUpdate, panel, world } from "./state.ts";

/** The latest come first, and no more than these are shown. */
const SHOWN = 200;

export function Calls() {
  const wanted = useSignal("");
  const withPolls = useSignal(false);
  const outcome = useSignal<Outcome | "all">("all");
  const isWanted = (call: NumberedCall) =>
    (outcome.value === "all" || outcomeOfCall(call) === outcome.value) &&
    (withPolls.value || call.method.toLowerCase() !== "getupdates") &&
    (wanted.value === "" || JSON.stringify(call).includes(wanted.value));
  const found = [...world.value!.calls.values()].reverse().filter(isWanted).slice(0, SHOWN);
  return (
    <section>
      <SearchField title="calls" wanted={wanted} />
      <OutcomeChoice outcome={outcome} />
      <label>
        <input type="checkbox" checked={withPolls.value} onChange={() => (withPolls.value = !withPolls.value)} /> with
        getUpdates
      </label>
      {found.length === 0 && <p class="quiet">No calls so far.</p>}
      <ul class="log">
        {found.map((call) => (
          <Call key={call.number} call={call} />
        ))}
      </ul>
    </section>
  );
}

function Call({ call }: { call: NumberedCall }) {
  const { number, method, parameters, time, status, duration, result, error, fault, origin } = call;
  const element = useOpened(openCall.value === number);
  const outcome = outcomeOfCall(call);
  return (
    <li>
      <details ref={element}>
        <summary>
          <b>{method}</b> <span class={`state is-${outcome}`}>{status ?? "…"}</span>{" "}
          <span class="quiet">
            {clockOf(time)} {duration !== undefined && durationOf(duration)}
          </span>
          {origin !== undefined && origin.attempt > 1 && <span class="quiet"> attempt {origin.attempt} </span>}
          <span class="words quiet">{wordsOfCall(call)}</span>
          {error !== undefined && <span class="error">{error}</span>}
        </summary>
        {origin !== undefined && <Origin origin={origin} />}
        <h3>Parameters</h3>
        <pre>{JSON.stringify(parameters, null, 2)}</pre>
        {fault !== undefined && <h3>Fault</h3>}
        {fault !== undefined && <pre>{JSON.stringify(fault)}</pre>}
        {result !== undefined && <h3>Result</h3>}
        {result !== undefined && <pre>{JSON.stringify(result, null, 2)}</pre>}
      </details>
    </li>
  );
}

/** The update that led to the call, as the server tells. */
function Origin({ origin: { update_id, worker, attempt, whole } }: { origin: CallOrigin }) {
  const show = () => {
    openUpdate.value = update_id;
    panel.value = "updates";
  };
  return (
    <p class="quiet">
      worker {worker}, attempt {attempt}
      {whole !== undefined && `, ${durationOf(whole)} with waits and retries`}
      {update_id !== undefined && (
        <>
          {", for "}
          <button type="button" class="link" onClick={show}>
            update {update_id}
          </button>
        </>
      )}
    </p>
  );
}
