/** The choice of rows by their outcome. */

import type { Signal } from "@preact/signals";
import { OUTCOMES, type Outcome } from "./outcomes.ts";

export function OutcomeChoice({ outcome }: { outcome: Signal<Outcome | "all"> }) {
  return (
    <select
      aria-label="Outcome"
      value={outcome.value}
      onChange={({ currentTarget }) => (outcome.value = currentTarget.value as Outcome | "all")}
    >
      {Object.entries(OUTCOMES).map(([name, title]) => (
        <option value={name} key={name}>
          {title}
        </option>
      ))}
    </select>
  );
}
