/** The signals that the server obeys, as data: cli.ts goes by this table, and docs/options.md shows it. */

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
      "Stop: no more polling, what is at hand is finished within `--shutdown-timeout`, the rest stays in the inbox, exit code 0. A second one ends the process at once",
  },
  {
    names: ["SIGUSR2"],
    does: "turn-log-level",
    meaning:
      "Log more: from the configured level to `debug`, with the next one to `trace`, then back to the configured one",
  },
  {
    names: ["SIGHUP"],
    does: "reload",
    meaning:
      "Load the application anew: the workers are replaced one by one while the others serve; if the new code does not start, the old goes on",
  },
];

/** The signals by which somebody wants that. */
export function signalsTo(deed: Signal["does"]): readonly NodeJS.Signals[] {
  return SIGNALS.flatMap(({ names, does }) => (does === deed ? names : []));
}
