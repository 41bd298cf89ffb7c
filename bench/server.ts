/** The server under test, in a process of its own, with everything as in production. Started by main.ts. */

import { serve } from "../src/index.ts";

export interface Cost {
  /** User and system time of the whole process, in microseconds. */
  cpu: number;
  /** The most memory that was resident, in megabytes. */
  memory: number;
}

const [apiUrl, inbox] = process.argv.slice(2);
const server = await serve({
  token: "1:bench",
  apiUrl: apiUrl!,
  application: new URL("../examples/echo.ts", import.meta.url).pathname,
  workers: 2,
  inbox: inbox!,
  logLevel: "warn",
  logFormat: "json",
});

process.once("message", async () => {
  await server.stop();
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.send!({ cpu: userCPUTime + systemCPUTime, memory: maxRSS / 1024 } satisfies Cost, () => process.exit());
});
