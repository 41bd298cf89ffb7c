/** Types of a configuration file that is a module, and of serve(). Nothing here runs. */

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
  // @ts-expect-error the token is a secret, and does not belong in the file
  { token: "1:a" },
  // @ts-expect-error no such option
  { wrokers: 4 },
  // @ts-expect-error no such level
  { logLevel: "loud" },
  // @ts-expect-error this option cannot be off
  { maxAttempts: false },
];

/** A program may pass the token to serve(), and must pass the application. */
export const served = () => serve({ application: "bot.ts", token: "1:a", workers: 4 });
// @ts-expect-error the application is missing
export const unserved = () => serve({ token: "1:a" });
