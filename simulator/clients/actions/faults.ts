/** Faults of calls, for tests. */

import { currentMethod } from "../../api/legacy.ts";
import type { Fault } from "../../faults.ts";
import { methodSchema } from "../../schemas.ts";
import type { ActionHandlers } from "../action-context.ts";
import { ActionError } from "./actions.ts";

/** The fields of a fault; true for those without one of which nothing happens to a call. */
const FIELDS: { readonly [Name in keyof Required<Fault>]: boolean } = {
  error_code: true,
  migrate_to_chat_id: true,
  retry_after: true,
  delay: true,
  breaks: true,
  description: false,
  times: false,
  probability: false,
  when: false,
};

export const faultActions: ActionHandlers<"fail" | "recover"> = {
  fail({ method, fault }, { faults }) {
    const problem = problemOf(method, fault);
    if (problem !== undefined) throw new ActionError(problem);
    return faults.add(method, fault);
  },

  recover({ id }, { faults }) {
    faults.remove(id);
    return true;
  },
};

/** The reason why no call could be hit: a slip of the pen, after which a test would try nothing. */
function problemOf(method: string, fault: Fault): string | undefined {
  if (method !== "*" && methodSchema(currentMethod(method)) === undefined) return `there is no method ${method}`;
  const given = Object.keys(fault);
  const stranger = given.find((name) => !Object.hasOwn(FIELDS, name));
  if (stranger !== undefined) return `a fault has no ${stranger}, but ${Object.keys(FIELDS).join(", ")}`;
  const acts = given.some((name) => FIELDS[name as keyof Fault]);
  return acts ? undefined : "the fault does nothing: give it error_code, delay or breaks";
}
