/**
 * The part of HTTP/1.1 that the bench's clients need, at almost no cost: requests in any pieces, several in one piece,
 * with a content-length or in chunks, answered in order. It refuses nothing and is not for other use.
 *
 * Input is read as latin1, so that a text is as long as its bytes; the bench sends ASCII only.
 */

export interface Request {
  /** The method of the Bot API: the last part of the path. */
  readonly method: string;
  readonly contentType: string;
  readonly body: string;
}

/** Cuts the input of a connection into requests. */
export class RequestReader {
  readonly #onRequest: (request: Request) => void;
  #rest = "";

  constructor(onRequest: (request: Request) => void) {
    this.#onRequest = onRequest;
  }

  push(piece: string): void {
    const text = this.#rest === "" ? piece : this.#rest + piece;
    let at = 0;
    for (let end = this.#read(text, at); end !== undefined; end = this.#read(text, at)) at = end;
    this.#rest = at === text.length ? "" : text.slice(at);
  }

  /** @returns the end of the request that begins at `start`; undefined if it is incomplete */
  #read(text: string, start: number): number | undefined {
    const headEnd = text.indexOf(END_OF_HEAD, start);
    if (headEnd < 0) return undefined;
    const head = text.slice(start, headEnd);
    const bodyStart = headEnd + END_OF_HEAD.length;
    const content = CHUNKED.test(head) ? readChunks(text, bodyStart) : readLength(text, bodyStart, head);
    if (content === undefined) return undefined;
    const path = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
    this.#onRequest({
      method: path.slice(path.lastIndexOf("/") + 1),
      contentType: CONTENT_TYPE.exec(head)?.[1] ?? "",
      body: content.body,
    });
    return content.end;
  }
}

const END_OF_HEAD = "\r\n\r\n";
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CONTENT_TYPE = /\r\ncontent-type: *([^\r]*)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

interface Content {
  body: string;
  end: number;
}

function readLength(text: string, start: number, head: string): Content | undefined {
  const end = start + Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);
  return end > text.length ? undefined : { body: text.slice(start, end), end };
}

function readChunks(text: string, start: number): Content | undefined {
  let body = "";
  for (let at = start; ; ) {
    const sizeEnd = text.indexOf("\r\n", at);
    if (sizeEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, sizeEnd), 16);
    const chunk = sizeEnd + 2;
    const end = chunk + size + 2;
    if (end > text.length) return undefined;
    if (size === 0) return { body, end };
    body += text.slice(chunk, chunk + size);
    at = end;
  }
}

/** The parameters of a call in any format of the Bot API; numbers may be text. */
export function parametersOf({ contentType, body }: Request): Record<string, unknown> {
  if (body === "") return {};
  if (contentType.startsWith("application/json")) return JSON.parse(body) as Record<string, unknown>;
  if (contentType.startsWith("multipart/form-data")) {
    return Object.fromEntries([...body.matchAll(PART)].map(([, name, value]) => [name, value]));
  }
  return Object.fromEntries(new URLSearchParams(body));
}

const PART = /name="([^"]*)".*?\r\n\r\n(.*?)\r\n--/gs;

/** A client's connection. Answers go out in the order of the requests, all ready ones in one write. */
export class Connection {
  readonly #write: (text: string) => void;
  readonly #slots: Slot[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Keeps the place of a later answer. */
  reserve(): Slot {
    const slot: Slot = { answer: undefined };
    this.#slots.push(slot);
    return slot;
  }

  /** Sends the ready answers, up to the first missing one. */
  flush(): void {
    let ready = 0;
    let text = "";
    for (const { answer } of this.#slots) {
      if (answer === undefined) break;
      text += `${HEAD}${answer.length}\r\n\r\n${answer}`;
      ready += 1;
    }
    if (ready === 0) return;
    this.#slots.splice(0, ready);
    this.#write(text);
  }
}

export interface Slot {
  answer: string | undefined;
}

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
