/**
 * A Bot API server of one's own, on the bot's machine: files go by their paths. https://core.telegram.org/bots/api#using-a-local-bot-api-server
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoredFile, UploadedFile } from "../state/files.ts";
import { badRequest } from "./refusal.ts";

export class LocalServer {
  #folder: string | undefined;

  /** Writes a file for the bot, which opens it by the path that is returned. */
  pathOf({ file_path }: StoredFile, bytes: Uint8Array): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "asgigram-simulator-"));
    const path = join(this.#folder, file_path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  }

  /** Removes the files. */
  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The file behind `file:///path`; any other text unchanged. @throws Refusal (400) */
export function openPath(text: string): UploadedFile | string {
  if (!text.startsWith("file:/")) return text;
  try {
    const path = fileURLToPath(text);
    return { name: basename(path), type: "application/octet-stream", bytes: new Uint8Array(readFileSync(path)) };
  } catch {
    throw badRequest("Can't find real file path");
  }
}
