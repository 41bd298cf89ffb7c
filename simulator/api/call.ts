/** One call of a Bot API method with checked parameters: the part of a request that the handlers see. */

import type { UploadedFile } from "../state/files.ts";

export class Call {
  /** Spelt as in the reference: `sendMessage`. */
  readonly method: string;
  /** The given parameters, each in its own type. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Fires when the caller closes the connection. */
  readonly signal: AbortSignal;
  readonly #read = new Map<string, unknown>();

  constructor(method: string, values: Readonly<Record<string, unknown>>, signal: AbortSignal) {
    this.method = method;
    this.values = values;
    this.signal = signal;
  }

  /** Reads a part of the call once: the first result is kept for the rules and the method, which need the same part. */
  once<T>(part: string, read: () => T): T {
    if (!this.#read.has(part)) this.#read.set(part, read());
    return this.#read.get(part) as T;
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  string(name: string): string | undefined {
    return this.values[name] as string | undefined;
  }

  number(name: string): number | undefined {
    return this.values[name] as number | undefined;
  }

  boolean(name: string): boolean {
    return this.values[name] === true;
  }

  /** A chat or user: a number, or a name that begins with `@`. */
  id(name: string): number | string | undefined {
    return this.values[name] as number | string | undefined;
  }

  array<T = unknown>(name: string): T[] | undefined {
    return this.values[name] as T[] | undefined;
  }

  object<T = Record<string, unknown>>(name: string): T | undefined {
    return this.values[name] as T | undefined;
  }

  file(name: string): string | UploadedFile | undefined {
    return this.values[name] as string | UploadedFile | undefined;
  }
}
