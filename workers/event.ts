/** From an Update to the event and the scope that an application sees. */

import { type Extensions, SPEC_VERSION, type State } from "../src/protocol/asgi.ts";
import { attachDelivery } from "../src/protocol/delivery.ts";
import type { EventItem } from "../src/protocol/port.ts";
import { type Entity, kindOf, type Route, routeOf, type TelegramObject } from "../src/protocol/route.ts";
import type { Delivered } from "./instance.ts";

/** Reads one update that the main thread has found to have a kind and a payload. */
export function readEvent({ seq, attempt, body }: EventItem, bot: Entity): { route: Route; delivered: Delivered } {
  const update = JSON.parse(body) as TelegramObject & { update_id: number };
  const kind = kindOf(update)!;
  const payload = update[kind] as TelegramObject;
  const event = { type: `telegram.${kind}`, ...payload };
  if (payload.type !== undefined) {
    // `type` is the event's own. Only Poll has such a key, and there it becomes `poll_type`.
    event.type = `telegram.${kind}`;
    (event as TelegramObject)[`${kind}_type`] = payload.type;
  }
  attachDelivery(event, { update_id: update.update_id, attempt });
  return { route: routeOf(kind, payload, bot), delivered: { seq, event } };
}

/** The scope of a new instance. The application may change it: nothing in it is shared but what `state` holds. */
export function scopeOf(route: Route, state: State, extensions: Extensions): object {
  const asgi = { version: "3.0", spec_version: SPEC_VERSION };
  const scope: Record<string, unknown> = { type: "telegram", asgi, [route.subject]: { ...route.entity } };
  if (route.business_connection_id !== undefined) scope.business_connection_id = route.business_connection_id;
  if (route.guest_query_id !== undefined) scope.guest_query_id = route.guest_query_id;
  scope.state = { ...state };
  scope.extensions = extensions;
  return scope;
}
