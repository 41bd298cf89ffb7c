/** From an Update to the event and the scope that an application sees. */

import { type AsgiVersions, type Extensions, SPEC_VERSION, type State } from "../src/protocol/asgi.ts";
import { attachDelivery } from "../src/protocol/delivery.ts";
import type { EventItem } from "../src/protocol/port.ts";
import { type Entity, kindOf, type Route, routeOf, type TelegramObject } from "../src/protocol/route.ts";
import type { Delivered } from "./instance.ts";

/** Reads one update that the main thread has found to have a kind and a payload. */
export function readEvent({ seq, attempt, body }: EventItem, bot: Entity): Delivered {
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
  return { seq, event, route: routeOf(kind, payload, bot) };
}

/** The same for every scope. */
const asgi: Readonly<AsgiVersions> = Object.freeze({ version: "3.0", spec_version: SPEC_VERSION });

/** The scope of a new instance: its own, as is the event that it is made of; shared is what `state` holds, and the versions. */
export function scopeOf(route: Route, state: State, extensions: Extensions): object {
  const type = "telegram";
  const { subject, entity, business_connection_id, guest_query_id } = route;
  // One literal each: what is added to an object later costs it a second block of memory.
  const scope: Record<string, unknown> =
    subject === "chat"
      ? { type, asgi, chat: entity, state: copyOf(state), extensions }
      : { type, asgi, user: entity, state: copyOf(state), extensions };
  if (business_connection_id !== undefined) scope.business_connection_id = business_connection_id;
  if (guest_query_id !== undefined) scope.guest_query_id = guest_query_id;
  return scope;
}

function copyOf(state: State): State {
  return Reflect.ownKeys(state).length === 0 ? new Empty() : { ...state };
}

/**
 * Makes `{}`, less the room that V8 leaves in a literal for four keys to come: there is a state for every instance, and most stay
 * empty. Classes cannot do that, for their prototypes are their own.
 */
const Empty = function Empty() {} as unknown as new () => State;
Empty.prototype = Object.prototype;
