/**
 * Everything that crosses a thread. Each side collects its items during one turn of its event loop and posts them as one
 * array. Bodies travel as JSON text: the main thread neither builds nor reads the parameters of a call.
 *
 * The file is longer than others because no message is anywhere else.
 */

import type { DisconnectReason } from "./events.ts";
import type { EventPast } from "./recorded-call.ts";
import type { Entity, LineKind } from "./route.ts";
import type { StoredValue, StoredWrite } from "./stored-value.ts";

/** The argument of a worker thread. Nothing in it holds the bot token. */
export interface HostTask {
  port: MessagePort;
  /** The worker's end of its jobs port: `ToHeavy` goes out, `FromHeavy` comes in. */
  jobs: MessagePort;
  /** The worker's number: 0, 1, … A replacement has the number of the worker that it replaces. */
  worker: number;
  /** The import string of the application, and the directory it is relative to. */
  application: string;
  directory: string;
  interface: "auto" | "asgi3" | "asgi2";
  /** URLs of the modules that it imports before the application. */
  imports: readonly string[];
  lifespan: "auto" | "on" | "off";
  /** The most instances this worker keeps while any of them is idle. */
  maxInstances: number;
  /** Milliseconds after which an idle instance is dropped; Infinity for never. */
  idleTimeout: number;
  /** Longest work at an event: ms; Infinity without a limit. */
  eventTimeout: number;
  /** Retries of an event after any throw. */
  retry: number;
  /** True if the main thread decides on each throw. */
  breaker: boolean;
  /** Time for which a stored value is kept without a write: ms. */
  sessionAge: number;
  /** The text that a chat gets when its event becomes a dead letter, unless the application handles these. */
  onFailure: string | undefined;
  /** The bot itself, as getMe describes it: updates without a chat or user go to its scope. */
  bot: Entity;
  /** The setting of --line: the scopes of a chat. */
  line: LineKind;
  /** The setting of --urgent. */
  urgent: readonly string[];
  /** True if the application may turn out to be a bot's program. */
  mayBeProgram: boolean;
  /** True if any token in the code of a bot's program is that of the bot. */
  anyToken: boolean;
  /**
   * Time that a bot's program has for its end, from the moment in which its worker is told to drain, and the events at hand of a shard that
   * is taken away: ms.
   */
  endTimeout: number;
  /** True if the worker posts log lines of level debug. */
  debug: boolean;
  /** True if the worker posts the name of every file that the application imports. */
  watch: boolean;
  /** True if the worker runs at a lower priority than the main thread. */
  yields: boolean;
  /** The memory of this worker's `Pulse`. */
  pulse: SharedArrayBuffer;
}

/** The part of a task that is the same for every worker. */
export type CommonTask = Omit<HostTask, "port" | "jobs" | "worker" | "pulse">;

type MessagePort = import("node:worker_threads").MessagePort;

/** One update on its way to its instance. */
export interface EventItem {
  /** The inbox's number of the event. Numbers rise in the order of arrival; the event is settled by its number. */
  seq: number;
  /** The number of this delivery: 1, or more after a crash, or a throw after which the event is tried again. */
  attempt: number;
  /** The Update as Telegram sent it, as JSON. */
  body: string;
  /** Traces of earlier deliveries; absent if there are none. */
  past?: EventPast;
}

/** Main thread to worker. */
export type ToWorker =
  /** Turns log lines of level debug on or off. */
  | { type: "debug"; debug: boolean }
  | { type: "events"; events: EventItem[] }
  /** A call succeeded; `body` is Telegram's whole answer. */
  | { type: "result"; id: number; body: string }
  | { type: "failure"; id: number; error: CallFailure }
  /** Telegram makes the call wait. At most once a call. */
  | { type: "delayed"; id: number }
  /** A download succeeded. */
  | { type: "file"; id: number; file: DownloadedFile }
  /** The answer to `get`. */
  | { type: "got"; id: number; value: StoredValue | undefined }
  /** The answer to `set`: it is recorded. */
  | { type: "set"; id: number }
  /** The decision on an event that threw: it is tried again after so many milliseconds, or it is a dead letter. */
  | { type: "decided"; seq: number; after: number | undefined }
  /** The attempt of an event that waits in this scope: what is known of the attempts before. */
  | { type: "past"; seq: number; scope: string; past: EventPast }
  /**
   * The main thread made a dead letter of the event: its worker, or the process, died too often, or it took too long. The chat's later
   * events are posted behind it.
   */
  | { type: "deadLettered"; event: EventItem; error: string; isOverdue: boolean }
  /** Hand out events until that time of monotonic(), and none later, unless another such item has come. */
  | { type: "certain"; until: number }
  /** Hand out no event of that shard: it is about to be revoked. */
  | { type: "shut"; shard: number }
  /** Disconnect every instance of that shard with the reason `moved`, then answer `revoked`. No event of it is posted meanwhile. */
  | { type: "revoke"; shard: number }
  /**
   * Hand out nothing more, disconnect every instance, answer `drained`; then run lifespan shutdown, or let the program end, and answer
   * `ended`.
   */
  | { type: "drain"; reason: DisconnectReason; signal: StopSignal };

/** The signal that a bot's program gets when it is to end. */
export type StopSignal = "SIGTERM" | "SIGINT";

/** A bot's program that is served. */
export interface ProgramFacts {
  /** Its bot library, with the version. */
  library: string;
  /** The bot library and its plugins that were loaded in a version that was not tested. */
  untested: readonly string[];
  /** The way in which it started its bot: `bot.start()`. */
  started: string;
  /** Kinds of update that it asked for; empty for Telegram's default. */
  updates: readonly string[];
  /** It wants the updates that wait at the start dropped. */
  dropsPending: boolean;
}

/** Worker to main thread. */
export type ToMain =
  /**
   * The application is imported and its lifespan startup is over; or the program has started its bot.
   * `hazards`: what it has begun that goes wrong if it runs in several workers.
   */
  | { type: "ready"; program?: ProgramFacts; hazards?: string[] }
  /** The application is imported, and its lifespan startup begins; or a program listens for its end, and may not have started its bot. */
  | { type: "startup" }
  | { type: "unready"; error: StartFailure }
  /** The application imports that file, or tried to. */
  | { type: "imported"; file: string }
  /**
   * `from`: the number of the event that the instance holds; its scope if it holds none. `others`: the numbers of its other unsettled
   * events.
   */
  | { type: "call"; id: number; call: Call; from: number | string; others?: number[] }
  /** The worker has taken these events off its port, and is about to begin them: others may be posted. */
  | { type: "taken"; seqs: number[] }
  /** The event's code has saved its state, as JSON. */
  | { type: "saved"; seq: number; json: string }
  /** The application is busy at the event: `call` shows an action to its chat. */
  | { type: "busy"; seq: number; call: Call }
  /** `writes`: the values that the code of these events has stored. */
  | { type: "settled"; seqs: number[]; writes?: StoredWrite[] }
  /** Asks for a stored value. */
  | { type: "get"; id: number; key: string }
  /** Stores a value outside an event. */
  | { type: "set"; id: number; write: StoredWrite }
  /** The application goes on while work that it gave to `waitUntil()` is open: the event is settled, or fails, later. */
  | { type: "kept"; seq: number }
  /** The application's exception: the worker tries the event again after so many milliseconds, as another attempt. */
  | ({ type: "retry"; seq: number; after: number; error: string } & Place)
  /** The application's exception: its scope waits for `decided`. `after`: the worker's own decision. */
  | ({ type: "threw"; seq: number; after: number | undefined; error: string } & Place)
  /** The application's exception: the event becomes a dead letter. */
  | ({ type: "failed"; seq: number; error: string } & Place)
  | ({ type: "log"; level: LogLevel; message: string; error?: string } & Place)
  /** Output of the application. */
  | ({ type: "output"; stream: "stdout" | "stderr"; text: string } & Place)
  /**
   * The thread is about to end by itself. `seq`: the event that its instance held, if the instance is known. `open`: the events that
   * any instance held, if it is not.
   */
  | ({ type: "crash"; message: string; seq?: number; open?: number[]; error: string } & Place)
  /** All instances of that shard have ended. `unseen`: numbers of the events that no application received. */
  | { type: "revoked"; shard: number; unseen: number[] }
  /** All instances have ended. `unseen`: numbers of the events that no application received. */
  | { type: "drained"; unseen: number[] }
  /** The lifespan has ended. The thread waits to be ended. */
  | { type: "ended" };

/** The origin of a log line: the instance's scope and the update that it held, as far as they are known. */
export interface Place {
  scope?: string;
  update_id?: number;
  kind?: string;
}

/** One call of the Bot API, ready to go out. */
export interface Call {
  /** The Bot API's name: `sendMessage`. */
  method: string;
  /** The destination chat: calls of one lane stay in order. Undefined for calls without a destination. */
  lane: string | undefined;
  /** The parameters as JSON. */
  body: string;
  /** Of two waiting calls with this key only the newer is made. Both are in one lane. */
  coalesce?: string;
  /** Behind all others if calls have to wait for the limit of all chats. By default: is it made outside an event? */
  bulk?: boolean;
  /** Files to upload with it. */
  files?: readonly Upload[];
}

/** A file to upload. In the call's body, `attach://` and its name stand in its place. */
export interface Upload {
  /** A random name, so that no user's text can be mistaken for it. */
  name: string;
  /** The file's key in the event: `media[0].media`. */
  key: string;
  filename: string | undefined;
  content_type: string | undefined;
  /** Equal for equal files. Absent if that cannot be told: a call with a stream is not recorded. */
  fingerprint?: string | undefined;
  source: UploadSource;
}

/**
 * Bytes are transferred; a path is absolute and opened by the main thread, which removes a temporary file when the call is over; a
 * stream comes through a byte channel.
 */
export type UploadSource =
  | { bytes: Uint8Array<ArrayBuffer> }
  | { blob: Blob }
  | { path: string; isTemporary?: true }
  | UploadStream;

export interface UploadStream {
  port: MessagePort;
  /** Set when reading begins: a stream cannot be read twice. */
  isSpent?: boolean;
  /** Set when the port closed before reading began: its instance has ended. */
  isLost?: boolean;
}

/** The result of a call: Telegram's answer as text, or the file of a download. */
export type Answer = string | DownloadedFile;

/** A downloaded file in the form that the application asked for; a stream comes through a byte channel. */
export type DownloadedFile = { bytes: Uint8Array<ArrayBuffer> } | { path: string } | { port: MessagePort };

export type LogLevel = "debug" | "info" | "warn" | "error";

/** An error of a call, as data; `errors.ts` has the classes it stands for. */
export type CallFailure =
  | {
      name: "TelegramError";
      method: string;
      error_code: number;
      description: string;
      parameters: { migrate_to_chat_id?: number; retry_after?: number };
    }
  | { name: "NetworkError"; method: string; delivery: "none" | "unknown"; reason: string }
  | { name: "FileError"; method: string; key: string; reason: string };

/** The error that kept a worker from starting, as data. */
export interface StartFailure {
  name: "ApplicationLoadError" | "StartupFailedError";
  message: string;
  /** The stack of the application's own error, if there is one. */
  detail?: string;
}

// ---- jobs: calls of functions that offload() runs in heavy threads --------------------------------------------------

/** Options of offload() that belong to the module. */
export interface ModuleOptions {
  /** Threads, or child processes. */
  threads?: number;
  /** True for child processes. */
  process?: boolean;
  /** The most jobs that wait; without, 256 MB of arguments. */
  queue?: number;
}

/** A worker or a heavy thread to the main thread, on its jobs port. `id` is the sender's number of its request. */
export type ToHeavy =
  /** offload() names the module: it is loaded before the worker counts as ready. */
  | { type: "module"; module: string; options: ModuleOptions }
  | { type: "job"; id: number; module: string; job: JobOrder }
  /** Asks for the number of jobs that start before this one. */
  | { type: "ahead"; id: number }
  /** The caller gives the job up. `gently`: a job that runs may go on until the server has to stop; one that waits is "lost". */
  | { type: "cancel"; id: number; gently: boolean }
  /** shared() asks for the value of the module's default export. */
  | { type: "share"; id: number; module: string };

export interface JobOrder {
  /** Name of the exported function; `default` for the default export. */
  name: string;
  /** Jobs of one line start in order, and lines take turns: the scope of the event; undefined outside an event. */
  line: string | undefined;
  /** Size of the arguments, roughly: bytes. */
  bytes: number;
  /** Longest run, without the wait: ms; Infinity without a limit. */
  timeout: number;
  /** The heavy thread's end of the job port: `ToJob` comes in, `FromJob` goes out. The arguments are in it already. */
  port: MessagePort;
}

/** The main thread to a worker or a heavy thread, on its jobs port. */
export type FromHeavy =
  | { type: "loaded"; module: string }
  | { type: "unloaded"; module: string; error: StartFailure }
  /** The job has left the queue. */
  | { type: "started"; id: number }
  /** The job will not answer on its port: it was refused, its time is over, or its thread died. */
  | { type: "lost"; id: number; error: ErrorData }
  | { type: "ahead"; id: number; ahead: number }
  | { type: "shared"; id: number; value: unknown }
  | { type: "unshared"; id: number; error: ErrorData };

/** The caller to the heavy thread, on the job port. */
export type ToJob =
  | { type: "arguments"; arguments: unknown[] }
  /** The generator is to yield its next value. */
  | { type: "next" }
  /** The caller wants no more values. */
  | { type: "return" }
  /** Aborts `job.signal`. */
  | { type: "abort"; reason: ErrorData };

/** The heavy thread to the caller, on the job port. */
export type FromJob =
  /** The function is a generator: the caller asks for each value. */
  | { type: "generator" }
  | { type: "yielded"; value: unknown }
  | { type: "returned"; value: unknown }
  | { type: "threw"; error: ErrorData };

// ---- the inbox's thread ----------------------------------------------------------------------------------------------

/** The data of the thread that flushes the inbox. */
export interface FlushData {
  /** The database. */
  path: string;
  /** In shared memory: the number of requests. The thread sleeps on it. */
  requests: Int32Array;
}

/** The answer to a request to flush the disk: the failure, or null. */
export type FlushOutcome = ErrorData | null;

// ---- heavy threads ---------------------------------------------------------------------------------------------------

/** A task of a heavy thread. The first loads its module; each further one is a job. Nothing in it holds the bot token. */
export type HeavyTask = LoadTask | JobTask;

export interface LoadTask extends HeavyPlace {
  type: "load";
  /** The heavy thread's end: `ToHeavyThread` comes in, `FromHeavyThread` goes out. */
  control: MessagePort;
  /** The thread's end of a jobs port, as workers have one. */
  jobs: MessagePort;
}

/** The place in which a module is loaded. */
export interface HeavyPlace {
  /** URL of the module. */
  module: string;
  /** The module as people know it: its path. */
  name: string;
  /** `process`: the thread hands all work to a child process. `shared`: the module's default export runs once. */
  kind: "thread" | "process" | "shared";
  /** URLs of the modules that it imports before. */
  imports: readonly string[];
  /** True if output is reported; else it goes to the output of the process. */
  captures: boolean;
  /** True if the name of every file that the module imports is reported. */
  watch: boolean;
  /** True if the workers run at a lower priority than the main thread. */
  workersYield: boolean;
}

export interface JobTask {
  type: "job";
  /** The job's number in its thread: 1, 2, … */
  number: number;
  /** Name of the exported function. */
  name: string;
  /** `JobOrder.port` */
  port: MessagePort;
}

/**
 * The result of a heavy thread's task: of `load` the error, if there is one; of a job the way in which it ended. `isSpent`: the thread is to
 * end, for a fault of an earlier job.
 */
export type HeavyResult = { unloaded?: StartFailure; outcome?: "returned" | "threw" | undefined; isSpent?: boolean };

/** The main thread to a heavy thread, on its control port. */
export type ToHeavyThread =
  /** Aborts the signal of the job of that number, which may not have arrived yet, or be over. `isTold`: its caller has the error already. */
  | { type: "abort"; number: number; reason: ErrorData; isTold: boolean }
  /** Ends the child process, and the thread with it. */
  | { type: "kill" };

/** A heavy thread to the main thread, on its control port. */
export type FromHeavyThread =
  | { type: "imported"; file: string }
  | { type: "output"; stream: "stdout" | "stderr"; text: string }
  /** The value of the module's default export. */
  | { type: "shared"; value: unknown }
  /** The default export threw, or its value cannot be copied. */
  | { type: "unshared"; error: ErrorData }
  /** The thread is about to end by itself. */
  | { type: "crash"; message: string; error: string | undefined };

/** An error as data: what is left of it in another thread. */
export interface ErrorData {
  name: string;
  message: string;
  stack: string | undefined;
  /** Its own keys with plain values: `code`. */
  keys: Record<string, unknown>;
}
