/**
 * Watches a copy of Telegraf, 4 or 3. Its calls are taken at callApi(), with the files as the bot has given them: Telegraf's own
 * multipart form never ends on Node.js 26.
 */

import { basename, resolve } from "node:path";
import { type GivenFile, ReadyFile } from "../input-file.ts";
import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot, rethrow } from "./found-bot.ts";
import type { Answer, LocalBotApi, Signal } from "./local-bot-api.ts";
import { lostRequest, type NodeFetchError } from "./lost-request.ts";
import type { RawParameters } from "./raw-call.ts";

interface TelegrafBot {
  readonly token: string;
  options: { handlerTimeout?: number };
  handleError: unknown;
  handleUpdate(update: object): Promise<void>;
}

interface TelegramClient {
  readonly token: string;
  readonly options: { readonly apiMode?: string };
  callApi(method: string, payload?: object, extra?: { signal?: Signal }): Promise<unknown>;
}

type Class<Made> = { new (...args: unknown[]): Made; prototype: Made };

/** Telegraf's default. Nothing waits for a handler here, so this one is no limit. */
const HANDLER_TIMEOUT = 90_000;

export function watchTelegraf({ exports, load, library }: Copy, { api, onSeen, onStarted }: LibraryWatch): void {
  // Telegraf 3 exports the class itself.
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
  watchCalls(exports.Telegram as Class<TelegramClient>, load, api);
}

/** Answers the calls of all clients of the copy. */
function watchCalls({ prototype }: Class<TelegramClient>, load: NodeJS.Require, api: LocalBotApi): void {
  type ErrorClass = new (answer: object, on: object) => Error;
  const errors = load("./core/network/error") as { default?: ErrorClass } & ErrorClass;
  const TelegramError: ErrorClass = errors.default ?? errors;
  const { FetchError } = load("node-fetch") as { FetchError: NodeFetchError };
  const { callApi } = prototype;
  prototype.callApi = async function (method, payload = {}, extra = {}) {
    const { token, options } = this;
    const isUser = options.apiMode !== undefined && options.apiMode !== "bot";
    if (isUser || !token || !api.admits(token)) return callApi.call(this, method, payload, extra);
    // Telegraf 3 writes getUpdates?offset=0&timeout=30.
    const [name, query] = method.split("?") as [string, string | undefined];
    const parameters = await parametersOf(payload);
    if (query !== undefined) Object.assign(parameters, Object.fromEntries(new URLSearchParams(query)));
    let answer: Answer;
    try {
      answer = await api.request({ token, method: name }, parameters, extra.signal);
    } catch (cause) {
      if ((cause as Error).name === "AbortError") throw cause;
      throw Object.assign(lostRequest(FetchError, method, cause as Error), { cause });
    }
    if (answer.ok) return answer.result;
    throw new TelegramError(answer, { method, payload });
  };
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

/** Files of Telegraf are objects: `{ source }` with a path, a Buffer or a stream, or `{ url }`, which it downloads itself. */
async function parametersOf(payload: object): Promise<RawParameters> {
  const files = new Map<string, Promise<ReadyFile>>();
  /** Puts a file that is inside another object beside it. */
  const attached = (value: unknown, kind: string): unknown => {
    if (!isFile(value)) return value;
    const key = `attached_${files.size}`;
    files.set(key, fileOf(value, kind));
    return `attach://${key}`;
  };
  const parameters: RawParameters = {};
  for (const [key, value] of Object.entries(payload)) {
    if (value === undefined || value === null) continue;
    if (key !== "link_preview_options" && isFile(value)) files.set(key, fileOf(value, key));
    else if (Array.isArray(value)) parameters[key] = value.map((item) => withMedia(item, attached));
    else parameters[key] = withMedia(value, attached);
  }
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

interface TelegrafFile {
  source?: string | Uint8Array | AsyncIterable<unknown>;
  url?: string;
  filename?: string;
}

function isFile(value: unknown): value is TelegrafFile {
  if (typeof value !== "object" || value === null) return false;
  const { source, url } = value as TelegrafFile;
  return Boolean(source) || typeof url === "string";
}

async function fileOf({ source, url, filename }: TelegrafFile, kind: string): Promise<ReadyFile> {
  const byKind = filename ?? `${kind}.${EXTENSIONS[kind] ?? "dat"}`;
  if (typeof source === "string") return fileWith({ path: resolve(source) }, filename ?? basename(source));
  // Bots send one Buffer several times, and bytes of a call are moved to the server.
  if (source instanceof Uint8Array) return fileWith({ bytes: new Uint8Array(source) }, byKind);
  if (source !== undefined) return fileWith({ stream: source }, byKind);
  const { body } = await fetch(url!);
  return fileWith({ stream: body! }, byKind);
}

function fileWith(content: GivenFile["content"], filename: string): ReadyFile {
  return new ReadyFile({ content, filename, content_type: undefined });
}
