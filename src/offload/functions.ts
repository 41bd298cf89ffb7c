/** The functions of a module that another thread has loaded: any name is a function, as this thread does not know the exports. */

import type { Job, JobOptions } from "../protocol/jobs.ts";
import { checkJobOptions } from "./options.ts";

/** Starts a job of the function of that name. */
type Run = (name: string, args: unknown[], options: JobOptions) => Job;

type RemoteFunction = ((...args: unknown[]) => Job) & { with(options: JobOptions): (...args: unknown[]) => Job };

/** Names that every function has, and those that `await` and JSON ask any object for. */
const NOT_EXPORTS = new Set([
  "then",
  "toJSON",
  ...Object.getOwnPropertyNames(Function.prototype),
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** @returns the default export as a function, with the named exports as its members */
export function functionsOf(run: Run): object {
  const functions = new Map<string, RemoteFunction>();
  return new Proxy(functionFor("default", run), {
    get(byDefault, key, receiver) {
      if (typeof key === "symbol" || NOT_EXPORTS.has(key) || key === "with")
        return Reflect.get(byDefault, key, receiver);
      const known = functions.get(key) ?? functionFor(key, run);
      functions.set(key, known);
      return known;
    },
  });
}

function functionFor(name: string, run: Run): RemoteFunction {
  const call = (...args: unknown[]) => run(name, args, {});
  return Object.assign(call, {
    with: (options: JobOptions) => {
      checkJobOptions(options);
      return (...args: unknown[]) => run(name, args, options);
    },
  });
}
