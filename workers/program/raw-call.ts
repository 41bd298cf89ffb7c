/**
 * Makes a call from the method and the parameters that a bot library has written: nothing is checked or filled in, Telegram answers as
 * it would to the library.
 */

import type { Call } from "../../src/protocol/port.ts";
import { Attachments } from "../attachments.ts";
import { laneOf, type StreamOwner } from "../encode.ts";
import { ReadyFile } from "../input-file.ts";

/** Parameters as the Bot API has them, and files. Other parameters may name a file with `attach://` and its key. */
export type RawParameters = Record<string, unknown>;

const ATTACHED = "attach://";

/** @param owner of the streams of an upload */
export function rawCall(method: string, parameters: RawParameters, owner: StreamOwner): Call {
  const lane = laneOf(parameters);
  const given = Object.entries(parameters);
  if (!given.some(([, value]) => isFile(value))) return { method, lane, body: JSON.stringify(parameters) };
  const attachments = new Attachments();
  /** The texts that stand in the places of the files, by the files' keys. */
  const files = new Map<string, string>();
  for (const [key, value] of given) if (isFile(value)) files.set(key, attachments.standIn(value, key)!);
  const named = new Set<string>();
  const fields = given
    .filter(([key]) => !files.has(key))
    .map(([key, value]) => [key, withFiles(read(value), files, named)]);
  const direct = [...files].filter(([key]) => !named.has(key));
  const body = JSON.stringify(Object.fromEntries([...fields, ...direct]));
  return { method, lane, body, files: attachments.take(owner.streams) };
}

function isFile(value: unknown): value is ReadyFile | Blob {
  return value instanceof ReadyFile || value instanceof Blob;
}

/** A form has lists and objects as JSON. */
function read(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value) || !value.includes(ATTACHED)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** @param named collects the keys of the files that the value names */
function withFiles(value: unknown, files: ReadonlyMap<string, string>, named: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withFiles(item, files, named));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withFiles(item, files, named)]));
  }
  if (typeof value !== "string" || !value.startsWith(ATTACHED)) return value;
  const key = value.slice(ATTACHED.length);
  if (files.has(key)) named.add(key);
  return files.get(key) ?? value;
}
