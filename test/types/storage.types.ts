import type { VersionedStateStorage } from "@grammyjs/conversations";
import { enhanceStorage, type StorageAdapter } from "grammy";
import type { AsyncSessionStore } from "telegraf/session";
import { createStorage, type StorageOptions, type Store, store } from "../../src/storage/storage.ts";
import type { Equal, Is } from "./expect.ts";

interface Session {
  found: number;
}

// What the libraries take.
store satisfies StorageAdapter<Session>;
store satisfies AsyncSessionStore<Session>;
store satisfies VersionedStateStorage<string, Session>;
createStorage({ prefix: "p" }) satisfies StorageAdapter<Session>;
enhanceStorage<Session>({ storage: store }) satisfies StorageAdapter<Session>;

true satisfies Is<Equal<Awaited<ReturnType<Store["get"]>>, unknown>>;
store.get<Session>("a") satisfies Promise<Session | undefined>;
store.delete("a") satisfies Promise<void>;
({ prefix: "p", foreign: "refuse" }) satisfies StorageOptions;
// @ts-expect-error a key is a text
void store.get(7);
// @ts-expect-error there is no such way
createStorage({ foreign: "ignore" });
// @ts-expect-error a value may be absent
store.get<Session>("a") satisfies Promise<Session>;
