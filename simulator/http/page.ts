/** The page in the browser: its files, which `npm run build` makes, and the files of messages that it shows. */

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { BotWorld } from "../bot-world.ts";
import { NOT_FOUND } from "./bot-routes.ts";
import type { Reply } from "./reply.ts";

/** From sources, and compiled. */
const BUNDLE = new URL(import.meta.filename.endsWith(".ts") ? "../../dist/page/" : "../../page/", import.meta.url);

/** Messages of bots and users can do nothing in the page: no script, style or address but the page's own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SAFE = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
const PAGE = { ...SAFE, "content-security-policy": POLICY, "cache-control": "no-cache" };

const TYPES: Record<string, string> = {
  "page.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "page.svg": "image/svg+xml",
};

/** @param name of a file; the page itself is "" @throws Refusal (404) */
export function pageFile(name: string): Reply {
  const file = name === "" ? "page.html" : name;
  const type = TYPES[file];
  if (type === undefined) throw NOT_FOUND;
  try {
    return { status: 200, headers: { ...PAGE, "content-type": type }, body: readFileSync(new URL(file, BUNDLE)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const body = "The page has not been built: run `npm run build`.\n";
    return { status: 503, headers: { ...PAGE, "content-type": "text/plain; charset=utf-8" }, body };
  }
}

export const isPageFile = (name: string): boolean => name === "" || Object.hasOwn(TYPES, name);

/** Kinds that a browser shows. Anything else is downloaded: a file of a user may be a page with a script. */
const SHOWN: Record<string, string> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".mp3": "audio/mpeg",
  ".oga": "audio/ogg",
  ".ogg": "audio/ogg",
};

/** The bytes of a message's file. @throws Refusal (404) */
export function messageFile({ files }: BotWorld, file_id: string): Reply {
  const file = files.get(file_id);
  const bytes = file && files.bytes(file.file_path);
  if (bytes === undefined) throw NOT_FOUND;
  const type = SHOWN[extname(file!.file_path).toLowerCase()];
  const headers = { ...SAFE, "content-security-policy": "default-src 'none'; sandbox", "cache-control": "private" };
  const shown = { "content-type": type ?? "application/octet-stream" };
  return { status: 200, headers: { ...headers, ...shown, ...(type === undefined && DOWNLOAD) }, body: bytes };
}

const DOWNLOAD = { "content-disposition": "attachment" };
