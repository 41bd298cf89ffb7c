/**
 * Everything that crosses a thread. Each side gathers what it has to say during one turn of its event loop and posts it as
 * one array. Bodies travel as JSON text: the main thread neither builds nor reads what only the application looks at.
 */

import type { DisconnectReason } from "./events.ts";
import type { Entity } from "./route.ts";

/** What a worker thread is started with. Nothing here, or anywhere on its way, holds the bot token. */
export interface HostTask {
  port: MessagePort;
  /** The number of the worker, which is also the number of its shard: 0, 1, … */
  worker: number;
  /** The import string of the application, and the directory it is relative to. */
  application: string;
  directory: string;
  interface: "auto" | "asgi3" | "asgi2";
  lifespan: "auto" | "on" | "off";
  /** The most instances this worker keeps while any of them is idle. */
  maxInstances: number;
  /** Milliseconds after which an idle instance is dropped; Infinity for never. */
  idleTimeout: number;
  /** Whether to tell what is only of interest to somebody who looks for an error. */
  debug: boolean;
  /** Whether to tell which files are imported. */
  watch: boolean;
  /** Whether the main thread comes first where there are not processors enough. */
  yields: boolean;
  /** Of this worker's `Pulse`. */
  pulse: SharedArrayBuffer;
}

/** What of it is the same for every worker. */
export type CommonTask = Omit<HostTask, "port" | "worker" | "pulse">;

type MessagePort = import("node:worker_threads").MessagePort;

/** One update on its way to its instance. */
export interface EventItem {
  /** The inbox's number for it: rising in the order of arrival, and the name under which it is settled. */
  seq: number;
  /** Which delivery this is: 1 unless a crash interrupted an earlier one. */
  attempt: number;
  /** The Update as Telegram sent it, as JSON. */
  body: string;
}

/** Main thread to worker. */
export type ToWorker =
  /** Comes once, before the first event. */
  | { type: "bot"; bot: Entity }
  /** From now on: see `HostTask`. */
  | { type: "debug"; debug: boolean }
  | { type: "events"; events: EventItem[] }
  /** A call succeeded; `body` is Telegram's whole answer. */
  | { type: "result"; id: number; body: string }
  | { type: "failure"; id: number; error: CallFailure }
  /** A download succeeded. */
  | { type: "file"; id: number; file: DownloadedFile }
  /** Hand out nothing more, disconnect every instance, answer `drained`; then run lifespan shutdown and answer `ended`. */
  | { type: "drain"; reason: DisconnectReason };

/** Worker to main thread. */
export type ToMain =
  /** The application is imported and its lifespan startup is over. */
  | { type: "ready" }
  | { type: "unready"; error: StartFailure }
  /** The application imports that file, or has tried to. */
  | { type: "imported"; file: string }
  /** `from`: the number of the event that the instance was at; its scope, where it was at none. */
  | { type: "call"; id: number; call: Call; from: number | string }
  | { type: "settled"; seqs: number[] }
  /** The application's exception: the event becomes a dead letter. */
  | ({ type: "failed"; seq: number; error: string } & Place)
  | ({ type: "log"; level: LogLevel; message: string; error?: string } & Place)
  /** What the application wrote to standard output or standard error. */
  | ({ type: "output"; stream: "stdout" | "stderr"; text: string } & Place)
  /** The thread is about to end by itself. `seq`: the event whose instance it comes from, where that is known. */
  | ({ type: "crash"; message: string; seq?: number; error: string } & Place)
  /** All instances have come to their end. `unseen`: events that no application was handed. */
  | { type: "drained"; unseen: number[] }
  /** So has the lifespan. The thread waits to be ended. */
  | { type: "ended" };

/** Where something comes from, as far as that is known: whose instance, and the update that it was at. */
export interface Place {
  scope?: string;
  update_id?: number;
  kind?: string;
}

/** One call of the Bot API, ready to go out. */
export interface Call {
  /** The Bot API's name: `sendMessage`. */
  method: string;
  /** What the call must stay in order with: its destination chat. Undefined for calls that go to none. */
  lane: string | undefined;
  /** The parameters as JSON. */
  body: string;
  /** What is to be uploaded with it, where anything is. */
  files?: readonly Upload[];
}

/** A file on its way up. In the call's body `attach://` and its name stand in its place. */
export interface Upload {
  /** Nobody can guess it: what a user has written is never taken for it. */
  name: string;
  /** Where it stands in the event: `media[0].media`. */
  key: string;
  filename: string | undefined;
  content_type: string | undefined;
  source: UploadSource;
}

/** Bytes change hands; a path is absolute, and the main thread's to open; a stream comes through a byte channel. */
export type UploadSource = { bytes: Uint8Array<ArrayBuffer> } | { blob: Blob } | { path: string } | UploadStream;

export interface UploadStream {
  port: MessagePort;
  /** Set when reading begins: it cannot be read a second time. */
  isSpent?: boolean;
  /** Set when it has ended without that: nobody is there any more who could give it. */
  isLost?: boolean;
}

/** What comes of a call: Telegram's answer as text; of a download, the file. */
export type Answer = string | DownloadedFile;

/** A file that has come down, in the form that was asked for; a stream comes through a byte channel. */
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

/** Why a worker could not start, as data. */
export interface StartFailure {
  name: "ApplicationLoadError" | "StartupFailedError";
  message: string;
  /** The stack of the application's own error, where there is one. */
  detail?: string;
}
