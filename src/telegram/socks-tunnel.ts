/**
 * A tunnel through a SOCKS5 proxy (RFC 1928; user and password: RFC 1929). The proxy looks up the target's name.
 *
 * The npm package `socks` is not used: it logs in to a proxy that asks for a user although none was offered, drops the number of an
 * unknown refusal, and hands the target's first bytes to `data` listeners, of which there are none yet.
 */

import { once } from "node:events";
import { isIPv4, isIPv6, type Socket } from "node:net";
import { ConnectError } from "./connect-error.ts";
import type { Credentials, ProxyServer, Target } from "./proxy-server.ts";

const VERSION = 5;
const LOGIN_VERSION = 1;
const METHOD = { anonymous: 0, password: 2 };
const CONNECT = 1;
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 };

/** Meanings of the replies from 1; 0 is success. */
const REFUSALS = [
  "general failure",
  "not allowed",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
  "command not supported",
  "address type not supported",
];

/**
 * Turns a connection to the proxy into one to the target.
 * @throws ConnectError if the proxy refuses, and the errors of the connection
 */
export async function openSocksTunnel(
  socket: Socket,
  proxy: ProxyServer,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const read = (length: number) => take(socket, length, signal);
  /** @returns the byte after the version */
  const readAnswer = async (version: number): Promise<number> => {
    const [first, second] = await read(2);
    if (first !== version) throw new ConnectError(`the proxy ${proxy} does not speak SOCKS5`);
    return second!;
  };

  const { credentials } = proxy;
  const methods = credentials ? [METHOD.anonymous, METHOD.password] : [METHOD.anonymous];
  socket.write(Buffer.of(VERSION, methods.length, ...methods));
  const method = await readAnswer(VERSION);
  if (method === METHOD.password && credentials) {
    socket.write(loginRequest(credentials));
    if ((await readAnswer(LOGIN_VERSION)) !== 0) throw proxy.refusesUser("SOCKS5");
  } else if (method !== METHOD.anonymous) {
    throw proxy.refusesUser("SOCKS5");
  }

  socket.write(connectRequest(target));
  const reply = await readAnswer(VERSION);
  if (reply !== 0) {
    const reason = REFUSALS[reply - 1] ?? `error ${reply}`;
    throw new ConnectError(`the proxy ${proxy} does not connect to ${target.host}:${target.port} (${reason})`);
  }
  // The address that the proxy connects from is read and ignored.
  const [, type] = await read(2);
  const length = type === ADDRESS.ipv4 ? 4 : type === ADDRESS.ipv6 ? 16 : (await read(1))[0]!;
  await read(length + 2);
}

/** Reads so many bytes and no more: the bytes after them are the target's. */
async function take(socket: Socket, length: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let missing = length; missing > 0; ) {
    // Never more than there is: `readable` would fire for the unread rest again and again.
    const part: Buffer | null = socket.read(Math.min(missing, socket.readableLength) || 1);
    if (part !== null) {
      parts.push(part);
      missing -= part.length;
    } else if (socket.readableEnded) throw Object.assign(new Error("the proxy hung up"), { code: "ECONNRESET" });
    else await more(socket, signal);
  }
  return Buffer.concat(parts);
}

/** Resolves when there is something to read, or the stream has ended. */
async function more(socket: Socket, signal: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const until = { signal: AbortSignal.any([signal, waiting.signal]) };
  await Promise.race([once(socket, "readable", until), once(socket, "end", until)]).finally(() => waiting.abort());
}

function loginRequest({ user, password }: Credentials): Buffer {
  return Buffer.concat([Buffer.of(LOGIN_VERSION), counted(user), counted(password)]);
}

function connectRequest({ host, port }: Target): Buffer {
  const portBytes = Buffer.of(port >> 8, port & 0xff);
  return Buffer.concat([Buffer.of(VERSION, CONNECT, 0), address(host), portBytes]);
}

function address(host: string): Buffer {
  if (isIPv4(host)) return Buffer.of(ADDRESS.ipv4, ...host.split(".").map(Number));
  if (isIPv6(host)) return Buffer.concat([Buffer.of(ADDRESS.ipv6), bytesOfIPv6(host)]);
  return Buffer.concat([Buffer.of(ADDRESS.name), counted(host)]);
}

/** @param host as in a URL: groups of hexadecimal digits */
function bytesOfIPv6(host: string): Buffer {
  const [head, tail = []] = host.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array<string>(8 - head!.length - tail.length).fill("0");
  const groups = [...head!, ...zeros, ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** One byte with the length of the text, then the text: 255 bytes at most. */
function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
