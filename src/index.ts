/**
 * The exports of the package: the types of the protocol, its errors, `delivery()`, and `serve()`, which runs the server from a
 * program. Applications need only the types.
 */

import type { FileOptions } from "./config/options.ts";
import type { RunningServer } from "./server.ts";

export { move } from "./offload/move.ts";
export { job, offload, shared } from "./offload/offload.ts";
export type { Offloaded, OffloadedFunction } from "./offload/types.ts";
export type {
  Application,
  Asgi2Application,
  Asgi2Class,
  ChatScope,
  Extensions,
  LifespanApplication,
  LifespanScope,
  Receive,
  Scope,
  Send,
  State,
  TelegramScope,
  UserScope,
} from "./protocol/asgi.ts";
export { type DeadLetter, type DeadLetterHandler, onDeadLetter } from "./protocol/dead-letter.ts";
export { type Delivery, delivery, type UncertainCall } from "./protocol/delivery.ts";
export * from "./protocol/errors.ts";
export type {
  ByteStream,
  ChatAction,
  DisconnectEvent,
  DisconnectReason,
  DownloadEvent,
  DownloadForm,
  Downloads,
  IncomingEvent,
  InputFile,
  MethodEvent,
  OutgoingEvent,
  OutgoingType,
  ResultOf,
  UpdateEvent,
  UpdateKind,
} from "./protocol/events.ts";
export type { JobOptions } from "./protocol/jobs.ts";
export type { ModuleOptions } from "./protocol/port.ts";
export type { RunningServer };

/** The options of a configuration file. In a module: `export default { … } satisfies Options`. */
export type Options = FileOptions;

/**
 * Runs a server in this process, as the command line does, but handles no signals and reads no environment variables. Resolves
 * when the server polls.
 * @throws ConfigError | TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError | ListenError
 */
export async function serve(options: Options & { application: string; token?: string }): Promise<RunningServer> {
  // Applications import this file, too, and do not need the server.
  const { resolveConfig } = await import("./config/config.ts");
  const server = await import("./server.ts");
  return server.serve(await resolveConfig({ options, env: {}, cwd: process.cwd() }));
}
