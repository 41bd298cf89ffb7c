/**
 * Reads a form with files (multipart/form-data, RFC 7578), as bot libraries write it and Telegram takes it: a name need not be in quotes,
 * and is UTF-8 without any escape.
 */

/** A request's body is not of the form that its media type names. */
export class MalformedBody extends Error {}

type Chunks = AsyncIterable<Uint8Array>;

export interface FormPart {
  readonly name: string;
  /** Undefined for a text. */
  readonly filename: string | undefined;
  readonly type: string | undefined;
  /** To be read to its end before the next part. */
  readonly content: Chunks;
}

const HEADER_END = Buffer.from("\r\n\r\n");

/**
 * @param type the form's media type, with its boundary
 * @throws MalformedBody, or the error of the body
 */
export async function* partsOf(body: Chunks, type: string): AsyncGenerator<FormPart, void> {
  const boundary = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)?.slice(1).find(Boolean);
  if (boundary === undefined) throw new MalformedBody("the form has no boundary");
  const source = new Source(body);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  try {
    await skip(source.until(delimiter));
    while ((await source.take(2)) !== "--") {
      yield { ...described(`${await bytesOf(source.until(HEADER_END))}`), content: source.until(delimiter) };
    }
    // The client is not done before its last byte is read.
    await source.end();
  } catch (error) {
    // A client that still writes would not read the answer.
    if (error instanceof MalformedBody) await source.end();
    throw error;
  } finally {
    await source.close();
  }
}

const DISPOSITION = /^content-disposition:\s*form-data\s*(;.*)$/im;
const TYPE = /^content-type:\s*(.+?)\s*$/im;
/** Libraries do not escape quotes inside of quotes, so those at the end of a value count. */
const FIELD = /;\s*(name|filename)\s*=\s*(?:"(.*?)"(?=\s*(?:;|$))|([^;]*))/gi;

function described(header: string): Omit<FormPart, "content"> {
  const fields = (DISPOSITION.exec(header)?.[1] ?? "").matchAll(FIELD);
  const { name, filename } = Object.fromEntries(
    // The first counts: a file's name may look like another field.
    [...fields].reverse().map(([, key, quoted, bare]) => [key!.toLowerCase(), quoted ?? bare!.trim()]),
  );
  if (name === undefined || name === "") throw new MalformedBody("a part of the form has no name");
  return { name, filename, type: TYPE.exec(header)?.[1] };
}

/** Reads a part to its end. */
export async function bytesOf(content: Chunks): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function skip(chunks: Chunks): Promise<void> {
  for await (const _ of chunks);
}

/** A body, read up to some mark. */
class Source {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** The first delimiter may have no line before it. */
  #rest: Buffer = Buffer.from("\r\n");

  constructor(body: Chunks) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Reads what comes before the mark, and the mark. */
  async *until(mark: Buffer): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const at = this.#rest.indexOf(mark);
      // Without a mark all but its possible beginning is read.
      const read = at === -1 ? Math.max(0, this.#rest.length - mark.length + 1) : at;
      const chunk = this.#rest.subarray(0, read);
      this.#rest = this.#rest.subarray(at === -1 ? read : at + mark.length);
      if (chunk.length > 0) yield chunk;
      if (at !== -1) return;
      await this.#more();
    }
  }

  async take(length: number): Promise<string> {
    while (this.#rest.length < length) await this.#more();
    const taken = this.#rest.toString("latin1", 0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async end(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new MalformedBody("the form breaks off");
    this.#rest = Buffer.concat([this.#rest, value]);
  }
}
