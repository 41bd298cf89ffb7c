/** Faults of calls, for tests. */

import type { ActionHandlers } from "../action-context.ts";

export const faultActions: ActionHandlers<"fail" | "recover"> = {
  fail: ({ method, fault }, { faults }) => faults.add(method, fault),

  recover({ id }, { faults }) {
    faults.remove(id);
    return true;
  },
};
