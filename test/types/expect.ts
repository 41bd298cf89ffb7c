/**
 * Tests of types: the files in this folder are never run, `tsc --noEmit` is what checks them. What must not compile stands
 * under a `@ts-expect-error`, which is an error itself where it finds nothing to expect.
 */

export type IsAny<T> = 0 extends 1 & T ? true : false;

/** True for the very same type: `any`, `unknown` and a wider or narrower type are not it. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `true satisfies Is<…>` compiles if the condition holds. */
export type Is<Condition extends true> = Condition;

/** Accepts a value of the type, and gives nothing. */
export function expectType<T>(_value: T): void {}
