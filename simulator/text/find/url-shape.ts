/** Decides if text that looks like a URL is one, and where its path ends (`fix_url` in MessageEntity.cpp). */

import { isTopLevelDomain } from "./top-level-domains.ts";
import { withoutClosing } from "./url-path.ts";

const PARTS = /^((?:https?|ftp|tonsite):\/\/)?(?:[^@/?#]*?@)?([^/?#]*?)(?::[^:/?#]*)?([/?#].*)?$/is;
/** In bytes of UTF-8. */
const MAX_LABEL = 63;
/** A number of an IPv4 address. */
const BYTE = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
/** A name that imitates Telegram's. */
const IMPOSTOR = /^teiegram\.org$/i;

/** The length of the URL that begins the text; 0 if there is none. */
export function urlLength(text: string): number {
  const [, protocol, host = "", path = ""] = PARTS.exec(text) ?? [];
  if (!isHost(host, protocol !== undefined)) return 0;
  return text.length - path.length + withoutClosing(path, balanced(path), 0);
}

/** The end of the path in front of the first bracket that closes nothing. */
function balanced(path: string): number {
  const open = { "(": 0, "[": 0, "{": 0 };
  for (let at = 0; at < path.length; at += 1) {
    const sign = path[at]!;
    if (sign in open) open[sign as keyof typeof open] += 1;
    const opening = OPENING[sign];
    if (opening === undefined) continue;
    open[opening] -= 1;
    if (open[opening] < 0) return at;
  }
  return path.length;
}

const OPENING: Readonly<Record<string, "(" | "[" | "{">> = { ")": "(", "]": "[", "}": "{" };

function isHost(host: string, hasProtocol: boolean): boolean {
  const labels = host.split(".");
  if (labels.length === 1 || !labels.every(isLabel) || IMPOSTOR.test(host)) return false;
  if (/^[\d.]+$/.test(host)) return labels.length === 4 && labels.every((label) => BYTE.test(label));
  return isTop(labels.at(-1)!, hasProtocol) && !labels.at(-2)!.includes("_");
}

const isLabel = (label: string) =>
  label !== "" && !label.endsWith("-") && (label.length <= MAX_LABEL / 4 || Buffer.byteLength(label) <= MAX_LABEL);

/** After a protocol every name will do. */
function isTop(label: string, hasProtocol: boolean): boolean {
  if (label.startsWith("xn--")) return /^xn--[a-z\d]{2,}$/i.test(label);
  if (/^.$/su.test(label) || /[_-]/.test(label)) return false;
  return hasProtocol || isTopLevelDomain(label);
}
