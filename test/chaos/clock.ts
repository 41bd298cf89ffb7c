/** Loaded into the server before anything else: its clock steps by the milliseconds that stand in the file CHAOS_CLOCK. */

import { readFileSync } from "node:fs";

const RealDate = Date;
let offset = 0;

class SteppedDate extends RealDate {
  constructor(...args: [] | [value: number | string | Date]) {
    super(args[0] ?? SteppedDate.now());
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}

globalThis.Date = SteppedDate as DateConstructor;
setInterval(() => {
  offset = Number(readFileSync(process.env.CHAOS_CLOCK!, "utf8"));
}, 100).unref();
