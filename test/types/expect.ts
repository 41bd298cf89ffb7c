/**
 * Tests of types: the files in this folder never run; `tsc --noEmit` checks them. Code that must not compile follows a
 * `@ts-expect-error`, which is an error itself if that code compiles.
 */

export type IsAny<T> = 0 extends 1 & T ? true : false;

/** True if A and B are the same type: false for `any`, `unknown`, and a wider or narrower type. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `true satisfies Is<…>` compiles if the condition is true. */
export type Is<Condition extends true> = Condition;

/** Compiles if the value has the type. */
export function expectType<T>(_value: T): void {}
