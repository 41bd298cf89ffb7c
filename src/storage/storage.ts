/**
 * The export `asgigram/storage`: values by key, as JSON, that are kept with the inbox. What the code of an event writes is recorded
 * together with the event's settlement: both or neither.
 *
 *     import { store } from "asgigram/storage";
 *     bot.use(session({ initial, storage: store }));      // grammY
 *     bot.use(session({ store }));                        // Telegraf
 */

import { services } from "../protocol/services.ts";
import type { ValueAccess } from "../protocol/stored-value.ts";
import { localValues } from "./local-values.ts";

/** Values by key. It is a StorageAdapter of grammY, for session() and conversations(), and a session store of Telegraf. */
export interface Store {
  /** The value, as the running event is to see it; undefined if there is none. */
  get<Value = unknown>(key: string): Promise<Value | undefined>;
  /**
   * Stores a value. In an event it is recorded when the event is settled; outside an event, when this resolves.
   * @param value is written as JSON, of at most 1 MB
   */
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** The same as get(): grammY's name. */
  read<Value = unknown>(key: string): Promise<Value | undefined>;
  /** The same as set(): grammY's name. */
  write(key: string, value: unknown): Promise<void>;
}

export interface StorageOptions {
  /** Stands before each key, so that a session and a conversation may have the same one. */
  prefix?: string;
  /**
   * The use of a key by an event of another line (another chat) than the one whose event stored it first. By default the last write wins;
   * `"refuse"` rejects with a ForeignKeyError.
   */
  foreign?: "last-write-wins" | "refuse";
}

/** The most that a value may take: bytes of JSON. */
const MOST_BYTES = 1024 * 1024;
/** The most that a key may take: bytes. PostgreSQL finds no key of more than 2,692. */
const MOST_KEY = 2500;

/** @throws TypeError for a wrong option */
export function createStorage(options: StorageOptions = {}): Store {
  const { prefix = "", foreign = "last-write-wins", ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`createStorage() has no option "${unknown}": prefix, foreign`);
  if (typeof prefix !== "string") throw new TypeError(`createStorage(): prefix is a text, not ${prefix}`);
  if (foreign !== "last-write-wins" && foreign !== "refuse") {
    throw new TypeError(`createStorage(): foreign is "last-write-wins" or "refuse", not ${JSON.stringify(foreign)}`);
  }
  const refusesForeign = foreign === "refuse";
  const get = async <Value>(key: string): Promise<Value | undefined> => {
    const json = await access().get(checked(prefix, key), refusesForeign);
    return json === undefined ? undefined : JSON.parse(json);
  };
  const set = async (key: string, value: unknown): Promise<void> =>
    access().set(checked(prefix, key), jsonOf(key, value), refusesForeign);
  return {
    get,
    set,
    delete: async (key) => access().set(checked(prefix, key), undefined, refusesForeign),
    read: get,
    write: set,
  };
}

/** Values by key, without a prefix. */
export const store: Store = createStorage();

function access(): ValueAccess {
  const offered = services();
  if (offered === undefined) return localValues;
  if (offered.values === undefined) {
    throw new Error(
      "the store cannot be used in a heavy thread: pass the value as an argument, and return what is to be stored",
    );
  }
  return offered.values;
}

function checked(prefix: string, key: string): string {
  if (typeof key !== "string" || key === "")
    throw new TypeError("the key of a stored value is a text that is not empty");
  const whole = prefix + key;
  if (whole.includes("\0")) throw new RangeError("the key of a stored value has no character NUL (\\0)");
  if (Buffer.byteLength(whole) > MOST_KEY)
    throw new RangeError(`the key of a stored value has at most ${MOST_KEY} bytes in UTF-8`);
  return whole;
}

function jsonOf(key: string, value: unknown): string {
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`the value of "${key}" cannot be written as JSON; delete() removes one`);
  // No character takes more than three bytes.
  if (json.length * 3 > MOST_BYTES && Buffer.byteLength(json) > MOST_BYTES) {
    const kilobytes = Math.ceil(Buffer.byteLength(json) / 1024);
    throw new RangeError(`the value of "${key}" is ${kilobytes} KB of JSON: a stored value has at most 1 MB`);
  }
  return json;
}
