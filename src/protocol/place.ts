import type { Place } from "./port.ts";

/** The place in a larger object, such as an event. Absent parts stay absent, so that a log line does not name them. */
export function placeOf({ scope, update_id, kind }: Place = {}): Place {
  return {
    ...(scope !== undefined && { scope }),
    ...(update_id !== undefined && { update_id }),
    ...(kind !== undefined && { kind }),
  };
}
