/** The signals that the server handles, as data: serving-process.ts uses this table, and docs/options.md shows it. */

export interface Signal {
  readonly names: readonly NodeJS.Signals[];
  readonly does: "stop" | "reload" | "turn-log-level";
  readonly meaning: string;
}

export const SIGNALS: readonly Signal[] = [
  {
    names: ["SIGTERM", "SIGINT"],
    does: "stop",
    meaning:
      "Stop: polling ends, events in progress are finished within `--shutdown-timeout`, a bot's program gets the signal, the rest stays in the inbox, exit code 0. A second signal ends the process at once",
  },
  {
    names: ["SIGUSR2"],
    does: "turn-log-level",
    meaning:
      "Log more: `debug` instead of the configured level; with the next signal `trace`, then the configured level again",
  },
  {
    names: ["SIGHUP"],
    does: "reload",
    meaning:
      "Reload the application: the workers are replaced one at a time while the others serve; if the new code does not start, the old code goes on. A bot's program ends before its new code starts",
  },
];

/** The signals with this effect. */
export function signalsTo(deed: Signal["does"]): readonly NodeJS.Signals[] {
  return SIGNALS.flatMap(({ names, does }) => (does === deed ? names : []));
}
