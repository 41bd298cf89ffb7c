/** Addresses of the Bot API (https://core.telegram.org/bots/api#making-requests, #getfile). Its host, and a path before it, may be any. */

export type ApiLink = MethodLink | FileLink;

export interface MethodLink {
  readonly token: string;
  readonly method: string;
}

export interface FileLink {
  readonly token: string;
  /** As getFile returns it: `file_path`. */
  readonly path: string;
}

/** A request to a proxy has the whole URL in the place of the path. */
const LINK = /^(?:https?:\/\/[^/?#]+)?(?:\/[^?#]*?)??\/(file\/)?bot(\d+:[\w-]+)\/(?:test\/)?([^?#]+)/;

/** @param url a URL, or its path */
export function linkIn(url: string): ApiLink | undefined {
  const match = LINK.exec(url);
  if (match === null) return undefined;
  const [, file, token, rest] = match as unknown as [string, string | undefined, string, string];
  if (file !== undefined) return { token, path: decoded(rest) };
  return /^\w+$/.test(rest) ? { token, method: rest } : undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Not from getFile: the server knows no such file.
    return path;
  }
}
