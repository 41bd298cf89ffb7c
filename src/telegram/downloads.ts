/**
 * Files on their way down: where getFile says that they are, they are fetched, or, of a local Bot API server, read from the disk
 * that it shares with us (https://core.telegram.org/bots/api#getfile). Their URL holds the token, and stays in bot-api.ts.
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
  /** The Bot API server runs with --local, and shares this machine's files. */
  local: boolean;
  getFile(file_id: string): Promise<File>;
  /** Begins to fetch a file from the server. */
  openFile(file_path: string): Promise<RemoteFile>;
}

/** A file that is being fetched. */
export interface RemoteFile {
  body: Readable;
  /** In bytes, if the server says so. */
  size: number | undefined;
}

/** The body of the call, as `telegram.download_file` has it. */
interface Request {
  file_id?: string;
  file_path?: string;
  as?: DownloadForm;
  to?: string;
}

/** A stream of which the application takes nothing for so long is closed: it holds a connection. ms. */
const PATIENCE = 10 * 60_000;

export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #limits: FileLimits;

  constructor(options: DownloadsOptions) {
    this.#options = options;
    this.#limits = fileLimits(options.local);
  }

  /** @throws TelegramError | NetworkError | FileError */
  async make({ body }: Call): Promise<DownloadedFile> {
    const { file_id, file_path, as, to } = JSON.parse(body) as Request;
    const path = file_path ?? (await this.#locate(file_id!));
    if (isAbsolute(path) && as === "path" && to === undefined) return { path: this.#shared(path) };
    const file = await this.#open(path);
    if (as === "stream") return { port: streamOf(file) };
    try {
      if (as !== "path") return { bytes: await readAll(file) };
      return { path: await (to === undefined ? saveSomewhere(file, basename(path)) : save(file, to)) };
    } catch (cause) {
      // Not as the cause: the request is part of some errors, and the token part of the request.
      throw isAbsolute(path) || isOfDisk(cause) ? failure((cause as Error).message) : brokenOff(cause);
    } finally {
      file.body.destroy();
    }
  }

  /** Where the file is, in the server's words. */
  async #locate(file_id: string): Promise<string> {
    const { file_path, file_size = 0 } = await this.#options.getFile(file_id).catch((error) => {
      // It knows the size, and does not tell.
      const isTooBig = error instanceof TelegramError && /file is too big/i.test(error.description);
      throw isTooBig
        ? failure(tooLarge(Number.POSITIVE_INFINITY, "download", this.#limits) ?? error.description)
        : error;
    });
    this.#refuseTooLarge(file_size);
    if (file_path === undefined) throw failure("the server does not say where it is");
    return file_path;
  }

  async #open(path: string): Promise<RemoteFile> {
    const file = isAbsolute(path) ? await openOnDisk(this.#shared(path)) : await this.#options.openFile(path);
    // Whoever reads it hears of its errors; one that is given up has some, too.
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

  /** A path on the server's disk, which is ours as well. */
  #shared(path: string): string {
    if (this.#options.local) return path;
    throw failure(`the server keeps it at ${path}: it runs with --local, and so must asgigram, on the same disk`);
  }
}

async function openOnDisk(path: string): Promise<RemoteFile> {
  const { size } = await stat(path).catch((cause) => {
    throw failure(cause.message, cause);
  });
  return { body: createReadStream(path), size };
}

/** @returns where the other thread can read it */
function streamOf({ body }: RemoteFile): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const timer = setTimeout(() => port1.close(), PATIENCE).unref();
  port1.on("message", () => timer.refresh());
  port1.on("close", () => clearTimeout(timer));
  void sendBytes(port1, body, reasonOf);
  return port2;
}

async function readAll({ body }: RemoteFile): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = await body.toArray();
  return transferableBytes(Buffer.concat(chunks));
}

/** Whoever looks at the path sees the whole file or none. @returns the path */
async function save({ body }: RemoteFile, to: string): Promise<string> {
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

/** In a folder of its own. @returns the path */
async function saveSomewhere(file: RemoteFile, name: string): Promise<string> {
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
