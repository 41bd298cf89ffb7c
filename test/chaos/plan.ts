/** The steps of a crash test: the same for the same seed. */

import { FAULTS, type FaultName } from "../faults/faults.ts";
import type { Random } from "../faults/random.ts";
import { CRASHES, DEADLY, type Deed, HANGING, HARMLESS } from "./words.ts";

/** One step, after a pause in ms. */
export type Step = Doing & { pause: number };

type Doing =
  /** The process is killed (-9), and started again after `down` ms, with other options. */
  | { do: "kill"; down: number; options: string[] }
  /** It is stopped by SIGTERM, and started again. */
  | { do: "stop"; down: number; options: string[] }
  /** It is killed while it stops. */
  | { do: "stop and kill"; after: number; down: number; options: string[] }
  /** Its workers are replaced, one by one. */
  | { do: "reload" }
  /** So many chats get a message with that deed. */
  | { do: "say"; deed: Deed; chats: number }
  /** One chat gets so many messages with that deed. */
  | { do: "flood"; deed: Deed; messages: number }
  /** The Bot API fails. */
  | { do: "fault"; fault: Failing; on: "polls" | "sends" | "everything"; probability: number; for: number }
  /** The Bot API takes so many messages in a second, to all chats and to each; without them any number. */
  | { do: "limit"; all?: number; each?: number; for: number }
  /** The server's log is not read. */
  | { do: "stall log"; for: number }
  /** The server's clock is wrong by so many milliseconds from now on. */
  | { do: "set the clock"; by: number }
  /** An update comes that cannot become an event. */
  | { do: "absurd"; which: number }
  /** The ids of updates go on from somewhere lower. */
  | { do: "restart ids" };

type Failing = FaultName | "refused";

const FAULT_NAMES: readonly Failing[] = ["refused", ...(Object.keys(FAULTS) as FaultName[])];

/** Chats that flood: with work, slow work, errors, and poison. */
const FLOODS = [
  { deed: "work", messages: 500 },
  { deed: "slow", messages: 30 },
  { deed: "fail", messages: 50 },
  { deed: "poison-exit", messages: 2 },
] as const;

/** Steps of a time in which everything goes wrong. */
export function* storm(random: Random): Generator<Step, never> {
  for (;;) yield { pause: random.integer(50, 1100), ...disaster(random) };
}

/** Steps of a time in which chats go wrong, and none of it concerns the others. */
export function* nuisance(random: Random): Generator<Step, never> {
  for (;;) yield { pause: random.integer(50, 1100), ...trouble(random) };
}

/** Of these deaths the culprit is known. */
const NUISANCES = ["exit", "fail", "poison-exit", "poison-throw", "poison-reject"] as const;

/** The limits are above the load, also after a pause: only chats that flood meet them. */
function trouble(random: Random): Doing {
  const dice = random.next();
  if (dice < 0.15) return { do: "say", deed: HANGING, chats: 1 };
  if (dice < 0.25) return { do: "flood", deed: HANGING, messages: 50 };
  if (dice < 0.45) return { do: "flood", ...random.pick(FLOODS) };
  if (dice < 0.6) return { do: "say", deed: random.pick(NUISANCES), chats: 1 };
  if (dice < 0.75) return { do: "limit", all: random.pick([1000, 2000]), each: random.pick([5, 20]), for: 10_000 };
  if (dice < 0.85) return { do: "stall log", for: random.integer(1000, 10_000) };
  return wrongClock(random);
}

/** Less than the two days for which ids are remembered. */
function wrongClock(random: Random): Doing {
  return { do: "set the clock", by: random.pick([-3_600_000, -30_000, 0, 30_000, 3_600_000]) };
}

function disaster(random: Random): Doing {
  const dice = random.next();
  const down = random.chance(0.5) ? 0 : random.integer(0, 400);
  const options = optionsOf(random);
  if (dice < 0.12) return { do: "kill", down, options };
  if (dice < 0.18) return { do: "stop", down, options };
  if (dice < 0.21) return { do: "stop and kill", after: random.integer(0, 300), down, options };
  if (dice < 0.32) return { do: "reload" };
  if (dice < 0.45) return { do: "say", deed: random.pick(CRASHES), chats: 1 };
  if (dice < 0.5) return { do: "say", deed: random.pick(DEADLY), chats: 1 };
  if (dice < 0.56) return { do: "say", deed: "fail", chats: random.integer(1, 20) };
  if (dice < 0.63) return { do: "say", deed: "work", chats: 500 };
  if (dice < 0.64) return { do: "flood", ...random.pick(FLOODS) };
  if (dice < 0.65) return { do: "say", deed: HANGING, chats: 1 };
  if (dice < 0.67) return { do: "absurd", which: random.integer(0, 99) };
  if (dice < 0.69) return { do: "restart ids" };
  if (dice < 0.72) return { do: "limit", all: random.pick([30, 100]), for: random.integer(1000, 4000) };
  if (dice < 0.74) return { do: "stall log", for: random.integer(1000, 10_000) };
  if (dice < 0.76) return wrongClock(random);
  const duration = random.integer(100, 1500);
  // The only fault that brings known updates.
  if (dice < 0.8) return { do: "fault", fault: "sameAgain", on: "polls", probability: 0.5, for: duration };
  return {
    do: "fault",
    fault: random.pick(FAULT_NAMES),
    on: random.pick(["polls", "sends", "everything"] as const),
    probability: random.pick([0.1, 0.5, 1]),
    for: duration,
  };
}

/** Instances come and go, and chats move from one worker to another. */
export function optionsOf(random: Random): string[] {
  const options = ["--workers", random.pick(["1", "2", "2", "2", "3"])];
  if (random.chance(0.3)) options.push("--max-applications", "60");
  if (random.chance(0.3)) options.push("--idle-timeout", "0.2");
  if (random.chance(0.3)) options.push("--recycle-after", "100");
  return options;
}

/** The load between the steps: mostly plain work. */
export function harmlessDeed(random: Random): Deed {
  return random.chance(0.85) ? "work" : random.pick(HARMLESS);
}
