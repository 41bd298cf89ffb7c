/** The functions of a module that another thread has loaded: any name is a function, as this thread does not know the exports. */

import type { JobHandle, JobOptions } from "../protocol/jobs.ts";
import { checkJobOptions } from "./options.ts";

/** Starts a job of the function of that name. */
type RunJob = (name: string, args: unknown[], options: JobOptions) => JobHandle;

type RemoteFunction = ((...args: unknown[]) => JobHandle) & {
  with(options: JobOptions): (...args: unknown[]) => JobHandle;
};

/**
 * Names that are no exports: every function has them, `await` and JSON ask any object for them, or offload() gives them a meaning. A
 * function that a module exports by such a name cannot be called from another thread.
 */
export const UNREACHABLE = [
  ...(["with", "then", "toJSON"] as const),
  ...(["apply", "arguments", "bind", "call", "caller", "length", "name", "prototype"] as const),
  ...(["constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"] as const),
  ...(["toLocaleString", "toString", "valueOf", "__proto__"] as const),
  ...(["__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"] as const),
] as const;

const NOT_EXPORTS: ReadonlySet<string> = new Set(UNREACHABLE);

/** @returns the default export as a function, with the named exports as its members */
export function functionsOf(run: RunJob): object {
  const functions = new Map<string, RemoteFunction>();
  return new Proxy(functionFor("default", run), {
    get(byDefault, key, receiver) {
      if (typeof key === "symbol" || NOT_EXPORTS.has(key)) return Reflect.get(byDefault, key, receiver);
      const known = functions.get(key) ?? functionFor(key, run);
      functions.set(key, known);
      return known;
    },
  });
}

function functionFor(name: string, run: RunJob): RemoteFunction {
  const call = (...args: unknown[]) => run(name, args, {});
  return Object.assign(call, {
    with: (options: JobOptions) => {
      checkJobOptions(options);
      return (...args: unknown[]) => run(name, args, options);
    },
  });
}
