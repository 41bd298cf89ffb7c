/** What TypeScript says of a configuration file that is a module. Nothing here runs. */

import { type Options, serve } from "asgigram";

export default {
  tokenFile: "/run/secrets/token",
  application: "bot.ts",
  workers: 4,
  idleTimeout: false,
  allowedUpdates: ["message", "callback_query"],
  logLevel: "debug",
} satisfies Options;

export const wrong: Options[] = [
  // @ts-expect-error The token is a secret.
  { token: "1:a" },
  // @ts-expect-error There is no such option.
  { wrokers: 4 },
  // @ts-expect-error It is one of a few words.
  { logLevel: "loud" },
  // @ts-expect-error It cannot be off.
  { maxAttempts: false },
];

/** A program may give the token; the application it must. */
export const served = () => serve({ application: "bot.ts", token: "1:a", workers: 4 });
// @ts-expect-error Which application?
export const unserved = () => serve({ token: "1:a" });
