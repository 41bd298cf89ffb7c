/** The messages between `asgigram simulate` and the process of its server. */

import type { Report } from "../../../simulator/inspector/bot-server.ts";
import type { Values } from "../../config/sources.ts";
import type { Typed } from "../command-line.ts";

export type ToServerProcess =
  | {
      type: "start";
      typed: Typed;
      /** The simulator's token and address, and the inbox. */
      options: Values & { token: string };
      /** The page wants reports. */
      isWatched: boolean;
    }
  | { type: "watch"; isWatched: boolean }
  /** An order, which is answered by its number. */
  | { type: "kill-worker"; order: number; worker: number }
  | { type: "reload"; order: number }
  | { type: "stop" };

export type FromServerProcess =
  | { type: "serving" }
  | { type: "reports"; reports: readonly Report[] }
  | { type: "done"; order: number; error?: string };
