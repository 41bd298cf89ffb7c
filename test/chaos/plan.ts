/** What is done to the server during a crash test, one thing after another: the same for the same seed. */

import { FAULTS, type FaultName } from "../faults/faults.ts";
import type { Random } from "../faults/random.ts";
import { CRASHES, DEADLY, type Deed, HARMLESS } from "./words.ts";

/** After a pause of so many milliseconds, … */
export type Step = { pause: number } /** … the process is killed (-9), and started again after `down`; */ & (
  | { do: "kill"; down: number }
  /** … it is asked to stop, and started again; */
  | { do: "stop"; down: number }
  /** … it is asked to stop, and killed while it does; */
  | { do: "stop and kill"; after: number; down: number }
  /** … so many chats get such a message; */
  | { do: "say"; deed: Deed; chats: number }
  /** … the Bot API fails; */
  | {
      do: "fault";
      fault: FaultName | "refused";
      on: "polls" | "sends" | "everything";
      probability: number;
      for: number;
    }
  /** … an update comes that is none. */
  | { do: "absurd"; which: number }
);

const FAULT_NAMES: readonly (FaultName | "refused")[] = ["refused", ...(Object.keys(FAULTS) as FaultName[])];

export function* plan(random: Random): Generator<Step, never> {
  for (;;) yield { pause: random.integer(50, 1100), ...deed(random) };
}

type Doing<S = Step> = S extends unknown ? Omit<S, "pause"> : never;

function deed(random: Random): Doing {
  const dice = random.next();
  const down = random.chance(0.5) ? 0 : random.integer(0, 400);
  if (dice < 0.12) return { do: "kill", down };
  if (dice < 0.18) return { do: "stop", down };
  if (dice < 0.21) return { do: "stop and kill", after: random.integer(0, 300), down };
  if (dice < 0.4) return { do: "say", deed: random.pick(CRASHES), chats: 1 };
  if (dice < 0.47) return { do: "say", deed: random.pick(DEADLY), chats: 1 };
  if (dice < 0.56) return { do: "say", deed: "fail", chats: random.integer(1, 20) };
  if (dice < 0.63) return { do: "say", deed: "work", chats: 500 };
  if (dice < 0.68) return { do: "absurd", which: random.integer(0, 99) };
  return {
    do: "fault",
    fault: random.pick(FAULT_NAMES),
    on: random.pick(["polls", "sends", "everything"] as const),
    probability: random.pick([0.1, 0.5, 1]),
    for: random.integer(100, 1500),
  };
}

/** The load between the steps: mostly plain work. */
export function harmlessDeed(random: Random): Deed {
  return random.chance(0.85) ? "work" : random.pick(HARMLESS);
}
