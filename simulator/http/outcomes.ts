/** Remembers of each response which result or error it carries, so that the call log need not read it. */

import type { Outcome } from "../state/call-log.ts";

const OUTCOMES = new WeakMap<Response, Outcome>();

export function withOutcome(response: Response, outcome: Outcome): Response {
  OUTCOMES.set(response, outcome);
  return response;
}

/** A response of a test's own is known by its status alone. */
export function outcomeOf(response: Response): Outcome {
  const known = OUTCOMES.get(response);
  if (known !== undefined || response.ok) return known ?? {};
  return { error: { error_code: response.status, description: response.statusText } };
}

/** The status for a caller that closed the connection before the answer; it does not read it. */
export const CLOSED_BY_CALLER = 499;

export const HUNG_UP: Outcome = {
  error: { error_code: CLOSED_BY_CALLER, description: "the caller closed the connection" },
};
