/** Each update, and its way through the server. */

import { useSignal } from "@preact/signals";
import type { UpdateTrace } from "../inspector/inspector.ts";
import { SearchField, useOpened } from "./log-parts.tsx";
import { clockOf, durationOf } from "./names.ts";
import { OutcomeChoice } from "./outcome-choice.tsx";
import { type Outcome, outcomeOfUpdate, stateOf, wordsOfUpdate } from "./outcomes.ts";
import { callsOfUpdates, openCall, openUpdate, panel, world } from "./state.ts";

/** The latest come first, and no more than these are shown. */
const SHOWN = 200;

export function Updates() {
  const wanted = useSignal("");
  const outcome = useSignal<Outcome | "all">("all");
  const all = [...world.value!.updates.values()].reverse();
  const found = all
    .filter((trace) => outcome.value === "all" || outcomeOfUpdate(trace) === outcome.value)
    .filter((trace) => wanted.value === "" || JSON.stringify(trace).includes(wanted.value))
    .slice(0, SHOWN);
  return (
    <section>
      <SearchField title="updates" wanted={wanted} />
      <OutcomeChoice outcome={outcome} />
      {found.length === 0 && <p class="quiet">No updates. Write to the bot.</p>}
      <ul class="log">
        {found.map((trace) => (
          <Update key={trace.update_id} trace={trace} />
        ))}
      </ul>
    </section>
  );
}

function Update({ trace }: { trace: UpdateTrace }) {
  const { update_id, kind, steps, update } = trace;
  const began = steps[0]!.at;
  const state = stateOf(trace);
  const element = useOpened(openUpdate.value === update_id);
  return (
    <li>
      <details ref={element}>
        <summary>
          <b>{kind}</b> <span class="quiet">{update_id}</span> <span class={`state is-${state}`}>{state}</span>{" "}
          <span class="quiet">{durationOf(steps.at(-1)!.at - began)}</span>
          <span class="words quiet">{wordsOfUpdate(trace)}</span>
        </summary>
        <table>
          <tbody>
            {steps.map(({ name, at, facts = {} }) => (
              <tr key={`${name} ${at}`}>
                <td>{name}</td>
                <td>{clockOf(at)}</td>
                <td>+{durationOf(at - began)}</td>
                <td>
                  {Object.entries(facts)
                    .map(([fact, value]) => `${fact} ${value}`)
                    .join(", ")}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <CallsOf update_id={update_id} />
        <pre>{JSON.stringify(update, null, 2)}</pre>
      </details>
    </li>
  );
}

/** The calls that the update led to, as the server tells. */
function CallsOf({ update_id }: { update_id: number }) {
  const made = callsOfUpdates.value.get(update_id) ?? [];
  const show = (number: number) => {
    openCall.value = number;
    panel.value = "calls";
  };
  return (
    <>
      {made.map(({ number, method, status }) => (
        <button type="button" class="link" key={number} onClick={() => show(number)}>
          {method} {status ?? "…"}
        </button>
      ))}
    </>
  );
}
