/** The types of functions that run in another thread. */

import type { JobOptions } from "../protocol/jobs.ts";
import type { UNREACHABLE } from "./functions.ts";

// biome-ignore lint/suspicious/noExplicitAny: any function of the application
export type AnyFunction = (...args: any[]) => unknown;

/**
 * The functions that a module exports, as they are called from another thread. Other exports are absent, and so are functions whose
 * names cannot be reached: `with`, `call`, `apply`, `bind`, `name`, `length`, `then`, `toJSON`, `toString` and the like. Export such a
 * function by another name.
 */
export type Offloaded<Module> = {
  readonly [Name in Exclude<keyof Module, "default" | (typeof UNREACHABLE)[number]> as Module[Name] extends AnyFunction
    ? Name
    : never]: Module[Name] extends AnyFunction ? OffloadedFunction<Module[Name]> : never;
} & (Module extends { default: infer Default extends AnyFunction } ? OffloadedFunction<Default> : unknown);

export interface OffloadedFunction<Function extends AnyFunction> {
  (...args: Parameters<Function>): OffloadedResult<ReturnType<Function>>;
  /** The same function with a signal or a time limit of its own. */
  with(options: JobOptions): (...args: Parameters<Function>) => OffloadedResult<ReturnType<Function>>;
}

type OffloadedResult<Result> =
  Result extends AsyncGenerator<infer Value, infer Last>
    ? AsyncGenerator<Value, Last, undefined>
    : Result extends Generator<infer Value, infer Last>
      ? AsyncGenerator<Value, Last, undefined>
      : Promise<Awaited<Result>>;

/** The result of the module's default export. */
export type SharedBy<Module extends { default: AnyFunction }> = Awaited<ReturnType<Module["default"]>>;
