/** Makes the application's event and scope from an Update. */

import { type AsgiVersions, type Extensions, SPEC_VERSION, type State } from "../src/protocol/asgi.ts";
import { attachDelivery } from "../src/protocol/delivery.ts";
import type { EventItem } from "../src/protocol/port.ts";
import { type Entity, kindOf, type LineKind, type Route, routeOf, type TelegramObject } from "../src/protocol/route.ts";
import { EventDelivery } from "./event-delivery.ts";
import type { Delivered } from "./instance.ts";

/**
 * Reads an update. The main thread has checked that it has a kind and a payload.
 * @param line the setting of --line
 * @param urgent the setting of --urgent
 */
export function readEvent(item: EventItem, bot: Entity, line: LineKind, urgent?: readonly string[]): Delivered {
  const { seq, attempt, body } = item;
  const update = JSON.parse(body) as TelegramObject & { update_id: number };
  const kind = kindOf(update)!;
  const payload = update[kind] as TelegramObject;
  const event = { type: `telegram.${kind}`, ...payload };
  if (payload.type !== undefined) {
    // `type` is the event's type. The payload's `type`, which only Poll has, becomes `poll_type`.
    event.type = `telegram.${kind}`;
    (event as TelegramObject)[`${kind}_type`] = payload.type;
  }
  const delivery = new EventDelivery(update.update_id, attempt, item);
  attachDelivery(event, delivery);
  return { seq, event, route: routeOf(kind, payload, bot, line, urgent), delivery, item, update };
}

/** Shared by all scopes. */
const asgi: Readonly<AsgiVersions> = Object.freeze({ version: "3.0", spec_version: SPEC_VERSION });

/**
 * The scope of a new instance. All its objects belong to the instance, but for `asgi` and the values in `state`, which
 * all scopes share.
 */
export function scopeOf(route: Route, state: State, extensions: Extensions): object {
  const type = "telegram";
  const { subject, entity, topic, member, business_connection_id, guest_query_id } = route;
  // One literal each: V8 allocates a second block of memory for keys that are added later.
  const scope: Record<string, unknown> =
    subject === "chat"
      ? { type, asgi, chat: entity, state: copyOf(state), extensions }
      : { type, asgi, user: entity, state: copyOf(state), extensions };
  if (topic !== undefined) scope.topic = topic;
  if (member !== undefined) scope.member = member;
  if (business_connection_id !== undefined) scope.business_connection_id = business_connection_id;
  if (guest_query_id !== undefined) scope.guest_query_id = guest_query_id;
  return scope;
}

function copyOf(state: State): State {
  return Reflect.ownKeys(state).length === 0 ? new Empty() : { ...state };
}

/**
 * Makes a `{}` without the space that V8 reserves in a literal for four later keys: every instance has a state, and
 * most stay empty. A class cannot do that, because it has a prototype of its own.
 */
const Empty = function Empty() {} as unknown as new () => State;
Empty.prototype = Object.prototype;
