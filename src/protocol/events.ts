/**
 * The events of the protocol as types: what an application receives and what it may send. Both are derived from
 * `@grammyjs/types`, the maintained description of the Bot API, so that they follow it and are never written twice.
 */

import type { ApiMethods, Update } from "@grammyjs/types";

// ---- incoming -------------------------------------------------------------------------------------------------------

/** The name of a kind of update: `message`, `callback_query`, … (https://core.telegram.org/bots/api#update). */
export type UpdateKind = Exclude<keyof Update, "update_id">;

/** `type` belongs to the event, so a Telegram object's own `type` (only Poll has one) is handed on as `poll_type`. */
type WithoutType<T> = "type" extends keyof T ? Omit<T, "type"> & { poll_type: T["type"] } : T;

/** The event for one kind of update: the keys of the Telegram object, and `type`. */
export type UpdateEvent<K extends UpdateKind = UpdateKind> = {
  [Kind in K]: { type: `telegram.${Kind}` } & WithoutType<NonNullable<Update[Kind]>>;
}[K];

/**
 * The reason for which an instance is dropped:
 * - `idle`: it got no event for `--idle-timeout`.
 * - `evicted`: there are more instances than `--max-applications`, and this one was idle the longest.
 * - `shutdown`: the server ends.
 * - `reload`: its worker is replaced.
 * - `moved`: its chat's shard moved to another worker or server. A later delivery of the event goes there.
 */
export type DisconnectReason = "idle" | "evicted" | "shutdown" | "reload" | "moved";

/** The last event of an instance. After it `receive()` never resolves again and `send()` rejects. */
export interface DisconnectEvent {
  type: "telegram.disconnect";
  reason: DisconnectReason;
}

/**
 * What `receive()` resolves with. Kinds of update that are newer than this version arrive as well, as
 * `telegram.<kind>`; they are left out of the type so that `switch (event.type)` narrows.
 */
export type IncomingEvent = UpdateEvent | DisconnectEvent;

// ---- outgoing -------------------------------------------------------------------------------------------------------

/** A stream of bytes to upload: a web stream, Node's Readable, an async generator. It can be read, and so sent, only once. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a file is to be called, and what it is. */
interface FileDetails {
  /** Of a path it is the path's last part, of a File its name; otherwise one that fits the key: `photo.jpg`. */
  filename?: string;
  /** `image/png`; of a Blob its type. */
  content_type?: string;
}

/**
 * A file to upload: bytes, a path, a `file:` URL or a stream, as it is or with a name and a type. Bytes are handed over, and
 * their buffer is empty after `send`; a Blob can be sent many times. A `file_id`, or a URL for Telegram to fetch, is a string.
 */
export type InputFile =
  | ArrayBufferView
  | ArrayBufferLike
  | Blob
  | URL
  | ByteStream
  | ({ path: string | URL } & FileDetails)
  | ({ bytes: ArrayBufferView | ArrayBufferLike | Blob } & FileDetails)
  | ({ stream: ByteStream } & FileDetails);

/** In which form a file comes down, and as what. */
export interface Downloads {
  bytes: Uint8Array<ArrayBuffer>;
  /** To be read or cancelled: it holds a connection. */
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Where the file lies. */
  path: string;
}

export type DownloadForm = keyof Downloads;

/** Fetches a file, which no method of the Bot API does: https://core.telegram.org/bots/api#file */
export type DownloadEvent = { type: "telegram.download_file" } & (
  | { file_id: string; file_path?: never }
  /** As getFile gave it, less than an hour ago. */
  | { file_path: string; file_id?: never }
) &
  (
    | { as?: Exclude<DownloadForm, "path">; to?: never }
    /** `to`: where to put it. Without: a new folder for temporary files, or where a local Bot API server has put it. */
    | { as: "path"; to?: string }
  );

/** Without the two names that the Bot API has long given up, and no longer describes. */
type Methods = Omit<ApiMethods<InputFile>, "kickChatMember" | "getChatMembersCount">;

/** The Bot API's name of a method: `sendMessage`. */
export type MethodName = keyof Methods;

/** `sendMessage` -> `send_message`. One-to-one for every method of the Bot API. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S;

/** What `send` fills in from the scope. */
type FromScope = "chat_id" | "business_connection_id";

/** Makes the keys K of T optional, in each member of a union by itself. */
type Loosen<T, K extends PropertyKey> = T extends unknown
  ? { [Key in keyof T as Exclude<Key, K>]: T[Key] } & { [Key in keyof T as Extract<Key, K>]?: T[Key] }
  : never;

/** What the event for a method holds beside its `type`. */
type ParametersOf<M extends MethodName> =
  Parameters<Methods[M]> extends [infer P] | [(infer P)?] ? WithReply<WithPollType<NonNullable<P>>> : unknown;

/** sendPoll's parameter `type` is written `poll_type`. */
type WithPollType<P> = "type" extends keyof P ? Omit<P, "type"> & { poll_type?: P["type"] } : P;

type WithReply<P> = "reply_parameters" extends keyof P
  ? Omit<P, "reply_to_message_id"> & {
      /** Short for `reply_parameters: { message_id }`. */
      reply_to_message_id?: number;
    }
  : P;

type MethodEvents = {
  [M in MethodName as `telegram.${SnakeCase<M>}`]: {
    event: Loosen<{ type: `telegram.${SnakeCase<M>}` } & ParametersOf<M>, FromScope>;
    result: ReturnType<Methods[M]>;
  };
};

/** What can be sent, and what comes of it: every method of the Bot API, and the download of files. */
interface OutgoingEvents extends MethodEvents {
  "telegram.download_file": { event: DownloadEvent; result: unknown };
}

/** The `type` of an outgoing event: `telegram.send_message`, … */
export type OutgoingType = keyof OutgoingEvents;

/** The event for one method of the Bot API: its parameters, and `type`. */
export type MethodEvent<T extends OutgoingType = OutgoingType> = OutgoingEvents[T]["event"];

/** What `await send(event)` resolves with: the method's own result; of a download the file, in the form that was asked for. */
export type ResultOf<
  T extends OutgoingType,
  As extends DownloadForm = DownloadForm,
> = T extends "telegram.download_file" ? Downloads[As] : OutgoingEvents[T]["result"];

/** What `send()` takes. */
export type OutgoingEvent = MethodEvent;
