/** The faults that the form offers. */

import type { Fault } from "../faults.ts";

export const FAULTS: { readonly [title: string]: Fault } = {
  "429 Too Many Requests": { error_code: 429, retry_after: 3 },
  "403 Forbidden: blocked": { error_code: 403 },
  "400 Bad Request": { error_code: 400 },
  "500 Internal Server Error": { error_code: 500 },
  "502 Bad Gateway": { error_code: 502 },
  "a slow answer": { delay: 3000 },
  "broken off before": { breaks: "before" },
  "broken off after": { breaks: "after" },
};

interface FaultForm {
  /** One of FAULTS. */
  readonly fault: string;
  /** Of a slow answer, or until a call may be made again. Each of these is "" if it is not given. */
  readonly seconds: string;
  readonly times: string;
  /** Of 100 calls. */
  readonly probability: string;
}

export function faultOf({ fault: title, seconds, times, probability }: FaultForm): Fault {
  const fault = { ...FAULTS[title] };
  // Telegram tells whole seconds.
  if (seconds !== "" && fault.retry_after !== undefined) fault.retry_after = Math.max(1, Math.round(Number(seconds)));
  if (seconds !== "" && fault.delay !== undefined) fault.delay = 1000 * Number(seconds);
  if (times !== "") fault.times = Number(times);
  if (probability !== "") fault.probability = Number(probability) / 100;
  return fault;
}
