/**
 * Addresses of host names. The system looks names up in libuv's pool, where a lookup waits behind everything that applications
 * do with files, sharp, zlib and crypto. A name that was found once therefore serves while a new lookup waits.
 */

import dns, { type LookupAddress, type LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Age from which addresses are looked up again: ms. */
const FRESH = 10_000;
/** Time for which a new answer is waited for where the last one led to no connection: ms. */
const PATIENCE = 500;

type Addresses = readonly LookupAddress[];

export class NameLookup {
  readonly #now: () => number;
  readonly #found = new Map<string, { addresses: Addresses; at: number; isDoubted?: boolean }>();
  readonly #running = new Map<string, Promise<Addresses>>();

  /** @param now a clock: ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Takes the place of dns.lookup() in a connection's options. Answers from the last lookup of the name, if there is one; an old
   * answer is looked up again meanwhile, and stays if that fails.
   */
  readonly lookup: LookupFunction = (name, options, done) => {
    const answer = (addresses: Addresses) => {
      if (options.all) done(null, [...addresses]);
      else done(null, addresses[0]!.address, addresses[0]!.family);
    };
    const known = this.#found.get(keyOf(name, options));
    if (known === undefined) return void this.#find(name, options).then(answer, done as (error: Error) => void);
    if (known.isDoubted) {
      const late = delay(PATIENCE, known.addresses, { ref: false });
      return void Promise.race([this.#find(name, options), late]).then(answer, done as (error: Error) => void);
    }
    if (this.#now() - known.at >= FRESH) this.#find(name, options).catch(() => {});
    process.nextTick(answer, known.addresses);
  };

  /** Each name waits for a new answer, for a moment: the last one led to no connection. */
  doubt(): void {
    for (const known of this.#found.values()) known.isDoubted = true;
  }

  /** Looks a name up, unless that is being done. */
  #find(name: string, options: LookupOptions): Promise<Addresses> {
    const key = keyOf(name, options);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const found = lookUpAll(name, options).then((addresses) => {
      this.#found.set(key, { addresses, at: this.#now() });
      return addresses;
    });
    const asked = found.finally(() => this.#running.delete(key));
    this.#running.set(key, asked);
    return asked;
  }
}

function keyOf(name: string, { family = 0 }: LookupOptions): string {
  return `${name} ${family}`;
}

function lookUpAll(name: string, options: LookupOptions): Promise<Addresses> {
  const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
  dns.lookup(name, { ...options, all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  return promise;
}
