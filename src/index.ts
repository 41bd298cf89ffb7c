/**
 * What users of the package import: the types of the protocol, its errors, `delivery()`, and `serve()` for running the server
 * from a program. Applications need only the types.
 */

import type { FileOptions } from "./config/options.ts";
import type { RunningServer } from "./server.ts";

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
export { type Delivery, delivery } from "./protocol/delivery.ts";
export * from "./protocol/errors.ts";
export type {
  ByteStream,
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
export type { RunningServer };

/** What a configuration file may say, for those that are modules: `export default { … } satisfies Options`. */
export type Options = FileOptions;

/**
 * Runs a server in this process, as the command line does, but for signals and the environment. Resolves when it polls.
 * @throws ConfigError | TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError | ListenError
 */
export async function serve(options: Options & { application: string; token?: string }): Promise<RunningServer> {
  // Applications import this file, too; they have no use for the server.
  const { resolveConfig } = await import("./config/config.ts");
  const server = await import("./server.ts");
  return server.serve(await resolveConfig({ options, env: {}, cwd: process.cwd() }));
}
