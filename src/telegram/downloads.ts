/**
 * Downloads (https://core.telegram.org/bots/api#getfile): fetched from the path that getFile names, or, with a local Bot API
 * server, read from the disk that it shares with asgigram. A file's URL holds the token and stays in bot-api.ts.
 */

import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { File } from "@grammyjs/types";
import { sendBytes } from "../protocol/byte-channel.ts";
import { FileError, NetworkError, TelegramError } from "../protocol/errors.ts";
import type { DownloadForm } from "../protocol/events.ts";
import { DOWNLOAD } from "../protocol/method-names.ts";
import type { Call, DownloadedFile } from "../protocol/port.ts";
import { transferableBytes } from "../protocol/transferable-bytes.ts";
import { type FileLimits, fileLimits, tooLarge } from "./file-limits.ts";
import { reasonOf } from "./retry.ts";

export interface DownloadsOptions {
  /** True if the Bot API server runs with --local and shares this machine's files. */
  local: boolean;
  getFile(file_id: string): Promise<File>;
  /** Begins a download from the server. */
  openFile(file_path: string): Promise<IncomingFile>;
}

/** A file under way. */
export interface IncomingFile {
  body: Readable;
  /** In bytes, if the server says so. */
  size: number | undefined;
}

/** The parameters of `telegram.download_file`. */
interface DownloadParameters {
  file_id?: string;
  file_path?: string;
  as?: DownloadForm;
  to?: string;
}

/** A stream that the application does not read for so long is closed, because it holds a connection: ms. */
const PATIENCE = 10 * 60_000;

export class FileDownloads {
  readonly #options: DownloadsOptions;
  readonly #limits: FileLimits;

  constructor(options: DownloadsOptions) {
    this.#options = options;
    this.#limits = fileLimits(options.local);
  }

  /** @throws TelegramError | NetworkError | FileError */
  async make({ body }: Call): Promise<DownloadedFile> {
    const { file_id, file_path, as, to } = JSON.parse(body) as DownloadParameters;
    const path = file_path ?? (await this.#locate(file_id!));
    if (isAbsolute(path) && as === "path" && to === undefined) return { path: this.#shared(path) };
    const file = await this.#open(path);
    if (as === "stream") return { port: streamOf(file) };
    try {
      if (as !== "path") return { bytes: await readAll(file) };
      return { path: await (to === undefined ? saveSomewhere(file, basename(path)) : save(file, to)) };
    } catch (cause) {
      // No cause: some errors hold the request, and the request holds the token.
      throw isAbsolute(path) || isOfDisk(cause) ? failure((cause as Error).message) : brokenOff(cause);
    } finally {
      file.body.destroy();
    }
  }

  /** @returns the file's path on the server */
  async #locate(file_id: string): Promise<string> {
    const { file_path, file_size = 0 } = await this.#options.getFile(file_id).catch((error) => {
      // The refusal does not say the size.
      const isTooBig = error instanceof TelegramError && /file is too big/i.test(error.description);
      throw isTooBig
        ? failure(tooLarge(Number.POSITIVE_INFINITY, "download", this.#limits) ?? error.description)
        : error;
    });
    this.#refuseTooLarge(file_size);
    if (file_path === undefined) throw failure("the server does not name its path");
    return file_path;
  }

  async #open(path: string): Promise<IncomingFile> {
    const file = isAbsolute(path) ? await openOnDisk(this.#shared(path)) : await this.#options.openFile(path);
    // Its reader gets the error as well; a file that is given up fails with no reader.
    file.body.on("error", () => {});
    try {
      this.#refuseTooLarge(file.size ?? 0);
    } catch (error) {
      file.body.destroy();
      throw error;
    }
    return file;
  }

  #refuseTooLarge(size: number): void {
    const problem = tooLarge(size, "download", this.#limits);
    if (problem !== undefined) throw failure(problem);
  }

  /** @returns the same path, if the server's disk is this machine's */
  #shared(path: string): string {
    if (this.#options.local) return path;
    throw failure(`the server keeps it at ${path}: it runs with --local; so must asgigram, on the same disk`);
  }
}

async function openOnDisk(path: string): Promise<IncomingFile> {
  const { size } = await stat(path).catch((cause) => {
    throw failure(cause.message, cause);
  });
  return { body: createReadStream(path), size };
}

/** @returns the port from which the other thread reads the file */
function streamOf({ body }: IncomingFile): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const timer = setTimeout(() => port1.close(), PATIENCE).unref();
  port1.on("message", () => timer.refresh());
  port1.on("close", () => clearTimeout(timer));
  void sendBytes(port1, body, reasonOf);
  return port2;
}

async function readAll({ body }: IncomingFile): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = await body.toArray();
  return transferableBytes(Buffer.concat(chunks));
}

/** Puts the file at the path whole or not at all. @returns the path */
async function save({ body }: IncomingFile, to: string): Promise<string> {
  const path = resolve(to);
  const unfinished = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    await writeFile(unfinished, body, { flag: "wx" });
    await rename(unfinished, path);
    return path;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Puts the file into a temporary folder of its own. @returns the path */
async function saveSomewhere(file: IncomingFile, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "asgigram-"));
  try {
    return await save(file, join(folder, name));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function isOfDisk(error: unknown): boolean {
  const { syscall } = error as { syscall?: string };
  return syscall === "open" || syscall === "write" || syscall === "rename" || syscall === "mkdtemp";
}

function failure(reason: string, cause?: unknown): FileError {
  return new FileError(DOWNLOAD, "file_id", reason, cause === undefined ? {} : { cause });
}

function brokenOff(cause: unknown): NetworkError {
  return new NetworkError(DOWNLOAD, "unknown", reasonOf(cause));
}
