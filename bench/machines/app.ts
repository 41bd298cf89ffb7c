/** The application of the take-over's measurement: writes down when each message begins, and takes its time. */

import { openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Application } from "../../src/index.ts";

/** Time for a message: ms. */
const WORK = 500;

const file = openSync(process.env.MACHINES_LOG!, "a");

export const application: Application = async ({ chat }, receive) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    writeSync(file, `${process.hrtime.bigint() / 1000n} ${chat!.id}\n`);
    await delay(WORK);
  }
};
