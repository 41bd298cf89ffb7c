/** The async context of the application instances. */

import { AsyncLocalStorage } from "node:async_hooks";

/** An instance, as far as reports name it. */
export interface RunningInstance {
  /** The scope's key. */
  readonly key: string;
  readonly held: { readonly seq: number; readonly event: { readonly type: string } } | undefined;
}

/** Holds the instance whose code is running: the context follows its code through promises, timers and callbacks. */
export const runningInstance = new AsyncLocalStorage<RunningInstance>();

/** Runs a function in the context of this file's import, which belongs to no instance. */
export const outside = AsyncLocalStorage.snapshot();
