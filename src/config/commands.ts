/** The commands of asgigram, as data: what `--help` says of each, and which options it takes. */

import type { Values } from "./config.ts";
import { OPTION_KEYS, type OptionKey, optionAt } from "./options.ts";

export interface Command {
  readonly usage: string;
  /** The arguments that are no flags, by position; those in front may be left out. */
  readonly words: readonly OptionKey[];
  readonly flags: readonly OptionKey[];
  /** Where they differ from those in the table of options. */
  readonly defaults: Values;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export type CommandName = "serve" | "simulate";

/** Every option that is a flag. */
export const FLAGS = OPTION_KEYS.filter((key) => !optionAt(key).positional);

export const COMMANDS: { readonly [Name in CommandName]: Command } = {
  serve: {
    usage: `asgigram [options] [token] <application>
asgigram simulate [options] <application>

Serves a Telegram bot. With one argument, that is the application, and the
token comes from ASGIGRAM_TOKEN or --token-file; simulate needs no token.
Each option is also an environment variable (ASGIGRAM_MAX_ATTEMPTS) and a key
in the configuration file (maxAttempts). Flags count before variables, and
variables before the file.`,
    words: ["token", "application"],
    flags: FLAGS,
    defaults: {},
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot here"],
      ["asgigram --token-file token bot.ts", "Serve it, the token in a file"],
      ["asgigram 1234:AbC mysite.asgi:bot -w 4", "The token, an export, 4 threads"],
    ],
  },
  simulate: {
    usage: `asgigram simulate [options] <application>

Serves the application to a Bot API simulator on this machine, with you as the
user. It needs no token, and nothing goes to Telegram.`,
    words: ["application"],
    flags: FLAGS.filter((key) => key !== "tokenFile" && key !== "apiUrl"),
    defaults: { inbox: false, logLevel: "warn" },
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot"],
      ["asgigram simulate bot.ts -v", "And see what the server does"],
      ["echo hi | asgigram simulate bot.ts", "Say one thing and see the answer"],
    ],
  },
};
