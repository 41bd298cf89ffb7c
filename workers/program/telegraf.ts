/**
 * Watches a copy of Telegraf, 4 or 3. Its calls are taken at callApi(), with the files as the bot has given them: Telegraf's own
 * multipart form never ends on Node.js 26.
 */

import { realpath, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Readable } from "node:stream";
import { type GivenFile, ReadyFile } from "../input-file.ts";
import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot, rethrow } from "./found-bot.ts";
import type { LocalBotApi, SignalLike } from "./local-bot-api.ts";
import { lostRequest, type NodeFetchError } from "./lost-request.ts";
import type { RawParameters } from "./raw-call.ts";
import { Spool } from "./spool.ts";

interface TelegrafBot {
  readonly token: string;
  options: { handlerTimeout?: number };
  handleError: unknown;
  handleUpdate(update: object): Promise<void>;
}

interface TelegramClient {
  readonly token: string;
  readonly options: { readonly apiMode?: string };
  callApi(method: string, payload?: object, extra?: { signal?: SignalLike }): Promise<unknown>;
}

type Class<Made> = { new (...args: unknown[]): Made; prototype: Made };

/** Telegraf's default. Nothing waits for a handler here, so this one is no limit. */
const HANDLER_TIMEOUT = 90_000;

export function watchTelegraf({ exports, load, library }: Copy, { api, onSeen, onStarted }: LibraryWatch): void {
  // Telegraf 3 exports the class itself.
  const isVersion3 = typeof exports === "function";
  const Telegraf = (exports.Telegraf ?? exports.default ?? exports) as Class<TelegrafBot>;
  const { prototype } = Telegraf;
  const defaultHandler = String(new Telegraf("0:none").handleError);
  const found = oncePerBot((bot: TelegrafBot): FoundBot => {
    const { options } = bot;
    if (options.handlerTimeout === HANDLER_TIMEOUT) options.handlerTimeout = Number.POSITIVE_INFINITY;
    // The default one prints the update, and throws.
    if (String(bot.handleError) === defaultHandler) bot.handleError = rethrow;
    return {
      get token() {
        return bot.token;
      },
      library,
      overlaps: false,
      handle: (update) => bot.handleUpdate(update),
    };
  });
  before(prototype, "use", (bot: TelegrafBot) => onSeen(bot, found(bot)));
  const launched = new WeakSet<TelegrafBot>();
  before(prototype, "launch", (bot: TelegrafBot) => {
    launched.add(bot);
    onStarted(bot, found(bot), "bot.launch()");
  });
  // launch() calls it, too.
  before(prototype, "startPolling", (bot: TelegrafBot) => {
    if (!launched.has(bot)) onStarted(bot, found(bot), "bot.startPolling()");
  });
  watchCalls(exports.Telegram as Class<TelegramClient>, load, api, isVersion3 ? undefined : withoutNull);
}

/**
 * Answers the calls of all clients of the copy.
 * @param replacer of the library's JSON
 */
function watchCalls(
  { prototype }: Class<TelegramClient>,
  load: NodeJS.Require,
  api: LocalBotApi,
  replacer: Replacer | undefined,
): void {
  type ErrorClass = new (answer: object, on: object) => Error;
  const errors = load("./core/network/error") as { default?: ErrorClass } & ErrorClass;
  const TelegramError: ErrorClass = errors.default ?? errors;
  const { FetchError } = load("node-fetch") as { FetchError: NodeFetchError };
  const { callApi } = prototype;
  prototype.callApi = async function (method, payload = {}, extra = {}) {
    const { token, options } = this;
    const isUser = options.apiMode !== undefined && options.apiMode !== "bot";
    // Telegraf 3 writes getUpdates?offset=0&timeout=30.
    const [name, query] = method.split("?") as [string, string | undefined];
    const link = { token, method: name };
    if (isUser || !token || !api.admits(link)) return callApi.call(this, method, payload, extra);
    const lost = (cause: Error): never => {
      if (cause.name === "AbortError") throw cause;
      throw Object.assign(lostRequest(FetchError, method, cause), { cause });
    };
    const spool = new Spool();
    try {
      const parameters = await parametersOf(payload, replacer, spool);
      if (query !== undefined) Object.assign(parameters, Object.fromEntries(new URLSearchParams(query)));
      const answer = await api.request(link, parameters, extra.signal).catch(lost);
      if (answer.ok) return answer.result;
      throw new TelegramError(answer, { method, payload });
    } finally {
      await spool.discard();
    }
  };
}

type Replacer = (key: string, value: unknown) => unknown;

/** That of Telegraf 4. */
function withoutNull(_key: string, value: unknown): unknown {
  return value ?? undefined;
}

/** Names that Telegraf gives to files without a name. */
const EXTENSIONS: Record<string, string> = {
  audio: "mp3",
  photo: "jpg",
  sticker: "webp",
  video: "mp4",
  animation: "mp4",
  video_note: "mp4",
  voice: "ogg",
};

/**
 * Files of Telegraf are objects: `{ source }` with a path, a Buffer or a stream, or `{ url }`, which it downloads itself.
 * @param replacer for a call without files: Telegraf has none for the JSON inside a form
 */
async function parametersOf(payload: object, replacer: Replacer | undefined, spool: Spool): Promise<RawParameters> {
  const files = new Map<string, Promise<ReadyFile>>();
  /** Puts a file that is inside another object beside it. */
  const attached = (value: unknown, kind: string): unknown => {
    if (!isFile(value)) return value;
    const key = `attached_${files.size}`;
    files.set(key, fileOf(value, kind, spool));
    return `attach://${key}`;
  };
  const parameters: RawParameters = {};
  for (const [key, value] of Object.entries(payload)) {
    if (value === undefined || value === null) continue;
    if (key !== "link_preview_options" && isFile(value)) files.set(key, fileOf(value, key, spool));
    else if (Array.isArray(value)) parameters[key] = value.map((item) => withMedia(item, attached));
    else parameters[key] = withMedia(value, attached);
  }
  const isDeep = Object.values(parameters).some((value) => typeof value === "object");
  if (replacer !== undefined && files.size === 0 && isDeep) return JSON.parse(JSON.stringify(parameters, replacer));
  // All are over before the spool is discarded.
  await Promise.allSettled(files.values());
  for (const [key, file] of files) parameters[key] = await file;
  return parameters;
}

/** @param attached gives the text in the place of a file */
function withMedia(value: unknown, attached: (value: unknown, kind: string) => unknown): unknown {
  if (typeof value !== "object" || value === null || !("media" in value)) return value;
  const { type, media, thumb, thumbnail = thumb } = value as Record<string, unknown>;
  const cover = isFile(thumbnail) ? { thumbnail: attached(thumbnail, "thumbnail") } : {};
  return { ...value, media: attached(media, String(type)), ...cover };
}

type TelegrafStream = AsyncIterable<unknown> | NodeJS.ReadableStream;

interface TelegrafFile {
  source?: string | Uint8Array | TelegrafStream;
  url?: string;
  filename?: string;
}

function isFile(value: unknown): value is TelegrafFile {
  if (typeof value !== "object" || value === null) return false;
  const { source, url } = value as TelegrafFile;
  return Boolean(source) || typeof url === "string";
}

async function fileOf({ source, url, filename }: TelegrafFile, kind: string, spool: Spool): Promise<ReadyFile> {
  const byKind = filename ?? `${kind}.${EXTENSIONS[kind] ?? "dat"}`;
  if (typeof source === "string") return fileWith({ path: await pathOf(source) }, filename ?? basename(source));
  // Bots send one Buffer several times, and bytes of a call are moved to the server.
  if (source instanceof Uint8Array) return fileWith({ bytes: new Uint8Array(source) }, byKind);
  const stream = source ?? (await fetch(url!)).body ?? Readable.from([]);
  return await spool.take(bytesOf(stream), byKind);
}

/** @throws the errors of Telegraf 4 for what is no file */
async function pathOf(source: string): Promise<string> {
  const isRegular = (await stat(await realpath(source))).isFile();
  if (!isRegular) throw new TypeError(`Unable to upload '${source}', not a file`);
  return resolve(source);
}

/** A stream may have texts for chunks, and one of an old package is no iterator. */
async function* bytesOf(stream: TelegrafStream): AsyncGenerator<Uint8Array> {
  const chunks = Symbol.asyncIterator in stream ? stream : new Readable().wrap(stream);
  for await (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
}

function fileWith(content: GivenFile["content"], filename: string): ReadyFile {
  return new ReadyFile({ content, filename, content_type: undefined });
}
