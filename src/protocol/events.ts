/**
 * The events of the protocol as types: incoming events, which an application receives, and outgoing events, which it
 * sends. Both are derived from `@grammyjs/types`, a maintained description of the Bot API, so they change with it.
 */

import type { ApiMethods, Update } from "@grammyjs/types";

// ---- incoming -------------------------------------------------------------------------------------------------------

/** The kind of an update: `message`, `callback_query`, … (https://core.telegram.org/bots/api#update). */
export type UpdateKind = Exclude<keyof Update, "update_id">;

/** `type` is a key of the event, so a Telegram object's own `type` (only Poll has one) becomes `poll_type`. */
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
 * An event from `receive()`. Kinds of update that are newer than this version arrive, too, as `telegram.<kind>`. The
 * type leaves them out, so that `switch (event.type)` narrows.
 */
export type IncomingEvent = UpdateEvent | DisconnectEvent;

// ---- outgoing -------------------------------------------------------------------------------------------------------

/** A stream of bytes to upload: a web stream, Node's Readable, an async generator. It can be sent only once. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Name and media type of a file. */
interface FileDetails {
  /** By default: the last part of a path, the name of a File, otherwise a name that fits the key: `photo.jpg`. */
  filename?: string;
  /** The media type: `image/png`. By default the type of a Blob. */
  content_type?: string;
}

/**
 * A file to upload: bytes, a path, a `file:` URL or a stream, bare or in an object with a name and a type. Bytes are
 * moved: their buffer is empty after `send`. A Blob can be sent many times. A `file_id`, or a URL that Telegram is to
 * fetch, is a string instead.
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

/** The forms in which a file can be downloaded, each with its type. */
export interface Downloads {
  bytes: Uint8Array<ArrayBuffer>;
  /** The application must read it to its end or cancel it: until then it holds a connection. */
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Path of the file on this machine. */
  path: string;
}

export type DownloadForm = keyof Downloads;

/** Downloads a file. The Bot API has no method for that, but a URL: https://core.telegram.org/bots/api#file */
export type DownloadEvent = { type: "telegram.download_file" } & (
  | { file_id: string; file_path?: never }
  /** From a call of getFile less than an hour ago: Telegram guarantees no longer. */
  | { file_path: string; file_id?: never }
) &
  (
    | { as?: Exclude<DownloadForm, "path">; to?: never }
    /**
     * `to`: path for the file. By default it is put in a new temporary folder, or stays where a local Bot API server
     * put it.
     */
    | { as: "path"; to?: string }
  );

/** All methods, without two old names that the Bot API no longer documents. */
type Methods = Omit<ApiMethods<InputFile>, "kickChatMember" | "getChatMembersCount">;

/** The Bot API's name of a method: `sendMessage`. */
export type MethodName = keyof Methods;

/** `sendMessage` -> `send_message`. One-to-one for every method of the Bot API. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S;

/** Keys that `send` fills in from the scope. */
type FromScope = "chat_id" | "message_thread_id" | "business_connection_id";

/** Makes the keys K of T optional, in each member of a union by itself. */
type Loosen<T, K extends PropertyKey> = T extends unknown
  ? { [Key in keyof T as Exclude<Key, K>]: T[Key] } & { [Key in keyof T as Extract<Key, K>]?: T[Key] }
  : never;

/** The keys of a method's event beside its `type`. */
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

/** Methods of which the newest call alone may be worth sending: edits, drafts and chat actions. */
type CoalescingMethod = `edit${"" | "Ephemeral"}Message${string}` | `send${string}Draft` | "sendChatAction";

/** Options for the server. Telegram does not get them. */
interface WithOptions<M extends MethodName> {
  asgigram?: BulkOptions & (M extends CoalescingMethod ? CoalescingOptions : unknown);
}

interface BulkOptions {
  /**
   * If calls have to wait for the limit of all chats, this one goes behind those that are not bulk. By default true outside an event:
   * in a timer.
   */
  bulk?: boolean;
}

interface CoalescingOptions {
  /**
   * Of two waiting calls with the same method, chat and message (draft, action), the older is dropped: its promise gets the newer's
   * outcome. Telegram's "message is not modified" resolves, with `true`. By default true for drafts and chat actions, false for edits.
   */
  coalesce?: boolean;
}

type MethodEvents = {
  [M in MethodName as `telegram.${SnakeCase<M>}`]: {
    event: Loosen<{ type: `telegram.${SnakeCase<M>}` } & ParametersOf<M> & WithOptions<M>, FromScope>;
    result: ReturnType<Methods[M]>;
  };
};

/** Every outgoing event and its result: the methods of the Bot API, and the download of files. */
interface OutgoingEvents extends MethodEvents {
  "telegram.download_file": { event: DownloadEvent; result: unknown };
}

/** The `type` of an outgoing event: `telegram.send_message`, … */
export type OutgoingType = keyof OutgoingEvents;

/** The event for a method of the Bot API: its `type`, and the method's parameters. */
export type MethodEvent<T extends OutgoingType = OutgoingType> = OutgoingEvents[T]["event"];

/** An action that a bot shows in a chat: `typing`, `upload_photo`, … (https://core.telegram.org/bots/api#sendchataction). */
export type ChatAction = MethodEvent<"telegram.send_chat_action">["action"];

/** The result of `await send(event)`: the method's result, or for a download the file in the form that `as` names. */
export type ResultOf<
  T extends OutgoingType,
  As extends DownloadForm = DownloadForm,
> = T extends "telegram.download_file" ? Downloads[As] : OutgoingEvents[T]["result"];

/** An event for `send()`. */
export type OutgoingEvent = MethodEvent;
