/**
 * Calls with files. An upload may take any time while bytes go out; it is given up when none have gone out for a while.
 *
 *   opening -- every file is there, and none too large --> sending -- all bytes sent --> waiting for the answer
 *   sending -- a file cannot be read on, its stream fails, or it grows too large --> FileError
 *   sending -- the connection breaks, or no bytes go out --> NetworkError: Telegram does not carry out a part of a call
 */

import { FileError, NetworkError } from "../protocol/errors.ts";
import { type FileLimits, fileLimits, tooLarge } from "./file-limits.ts";
import { type FileCall, type FilePlace, type PlacedFiles, placeFiles } from "./file-places.ts";
import { type Form, formOf } from "./multipart.ts";
import { type OpenFile, openSource } from "./upload-source.ts";

export interface UploadsOptions {
  /** True if the Bot API server runs with --local and shares this machine's files. */
  local: boolean;
  /** Makes the request. @returns the answer as text */
  post(method: string, form: Form, signal: AbortSignal): Promise<string>;
  /** The longest time without a byte sent: ms. */
  patience?: number;
  /** The time that the server may take to answer when it has all bytes: ms. */
  answerTimeout?: number;
}

const PATIENCE = 60_000;
/** A self-hosted server answers when it has passed the file on to Telegram; a local one may have 2000 MB to pass on. */
const ANSWER_TIMEOUT = 5 * 60_000;
const LOCAL_ANSWER_TIMEOUT = 60 * 60_000;

export class Uploads {
  readonly #options: Required<UploadsOptions>;
  readonly #limits: FileLimits;

  constructor(options: UploadsOptions) {
    const answerTimeout = options.local ? LOCAL_ANSWER_TIMEOUT : ANSWER_TIMEOUT;
    this.#options = { patience: PATIENCE, answerTimeout, ...options };
    this.#limits = fileLimits(options.local);
  }

  /**
   * @returns the answer as it came
   * @throws TelegramError | NetworkError | FileError
   */
  async make(call: FileCall): Promise<string> {
    const placed = placeFiles(call, this.#options.local);
    const opened = new Map<FilePlace, OpenFile>();
    try {
      // One after another, so that every opened file is closed if one cannot be opened.
      for (const place of placed.places) opened.set(place, await this.#open(call.method, place));
      return await this.#send(call.method, placed, opened);
    } finally {
      for (const file of opened.values()) await file.close();
    }
  }

  async #open(method: string, { upload, isPhoto }: FilePlace): Promise<OpenFile> {
    const file = await openSource(upload.source).catch((cause: Error) => {
      throw new FileError(method, upload.key, cause.message, { cause });
    });
    const problem = tooLarge(file.size ?? 0, isPhoto ? "photo" : "upload", this.#limits);
    if (problem === undefined) return file;
    await file.close();
    throw new FileError(method, upload.key, problem);
  }

  async #send(
    method: string,
    { parameters, places }: PlacedFiles,
    opened: ReadonlyMap<FilePlace, OpenFile>,
  ): Promise<string> {
    const { post, patience, answerTimeout } = this.#options;
    const progress = new Progress(patience, answerTimeout);
    let failure: FileError | undefined;
    const parts = places.flatMap((place) => {
      const { part: name, filename, upload } = place;
      if (name === undefined) return [];
      const { size } = opened.get(place)!;
      const fail = (reason: string) => (failure = new FileError(method, upload.key, reason));
      const read = () => this.#read(place, opened.get(place)!, fail);
      return [{ name, filename, content_type: upload.content_type ?? "application/octet-stream", size, read }];
    });
    const { headers, body } = formOf(parameters, parts);
    try {
      return await post(method, { headers, body: progress.of(body) }, progress.signal);
    } catch (error) {
      if (failure !== undefined) throw failure;
      if (progress.isComplete || !(error instanceof NetworkError)) throw error;
      const reason = progress.signal.aborted ? `no bytes were sent for ${patience / 1000} s` : error.reason;
      throw new NetworkError(method, "none", reason, { cause: error.cause });
    } finally {
      progress.stop();
    }
  }

  async *#read(
    { isPhoto }: FilePlace,
    file: OpenFile,
    fail: (reason: string) => FileError,
  ): AsyncGenerator<Uint8Array> {
    let size = 0;
    try {
      for await (const bytes of file.read()) {
        size += bytes.byteLength;
        const problem = tooLarge(size, isPhoto ? "photo" : "upload", this.#limits);
        if (problem !== undefined) throw new Error(problem);
        yield bytes;
      }
    } catch (error) {
      throw fail((error as Error).message);
    }
  }
}

/** Watches a body being sent. Aborts its signal when no bytes go out, or no answer comes. */
class Progress {
  /** True if all bytes may have arrived. */
  isComplete = false;
  readonly #patience: number;
  readonly #answerTimeout: number;
  readonly #late = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(patience: number, answerTimeout: number) {
    this.#patience = patience;
    this.#answerTimeout = answerTimeout;
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  async *of(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#wait(this.#patience);
    let next: Uint8Array | undefined;
    for await (const bytes of body) {
      this.#timer?.refresh();
      if (next !== undefined) yield next;
      next = bytes;
    }
    // Before the last piece is handed on: nothing tells when it has gone out.
    this.isComplete = true;
    this.#wait(this.#answerTimeout);
    if (next !== undefined) yield next;
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** Does nothing after stop(): an answer may come before the body was read to its end. */
  #wait(milliseconds: number): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#late.abort(), milliseconds);
  }
}
