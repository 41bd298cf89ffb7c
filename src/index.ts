/**
 * What users of the package import: the types of the protocol, its errors, `delivery()`, and `serve()` for running the server
 * from a program. Applications need only the types.
 */

export type { Config } from "./config/config.ts";
export type {
  Application,
  Asgi2Application,
  Asgi2Class,
  ChatScope,
  LifespanApplication,
  LifespanScope,
  Receive,
  Scope,
  Send,
  State,
  TelegramScope,
  UserScope,
} from "./protocol/asgi.ts";
export { type Delivery, delivery } from "./protocol/delivery.ts";
export * from "./protocol/errors.ts";
export type {
  DisconnectEvent,
  DisconnectReason,
  IncomingEvent,
  MethodEvent,
  OutgoingEvent,
  OutgoingType,
  ResultOf,
  UpdateEvent,
  UpdateKind,
} from "./protocol/events.ts";
export { type RunningServer, serve } from "./server.ts";
