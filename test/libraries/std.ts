/** The parts of Deno's standard library that grammY's tests import by `deps.test.ts`. */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { addCase } from "./cases.ts";
import { sameForm } from "./forms.ts";

export { afterEach, beforeEach, describe } from "./cases.ts";
export { FakeTime } from "./fake-time.ts";
export { assert };

type Class = new (...args: never[]) => Error;
// biome-ignore lint/suspicious/noExplicitAny: functions of any kind are watched
type Any = (this: any, ...args: any[]) => unknown;

export function it(name: string, body: (context: { assertSnapshot: typeof sameForm }) => unknown): void {
  addCase(name, () => body({ assertSnapshot: sameForm }));
}
it.ignore = (): void => {};

export const assertEquals = (actual: unknown, expected: unknown): void =>
  // Deno's compares objects of different classes by their content.
  assert.ok(isDeepStrictEqual(plain(actual), plain(expected)), `${show(actual)} is not ${show(expected)}`);
export const assertFalse = (value: unknown): void => assert.ok(!value);
export const assertStringIncludes = (text: string, part: string): void => assert.ok(text.includes(part));
export const assertNotStrictEquals = (actual: unknown, other: unknown): void => assert.notEqual(actual, other);
export const assertInstanceOf = (value: unknown, type: Class): void => assert.ok(value instanceof type);
export const assertObjectMatch = (value: object, part: object): void => assert.partialDeepStrictEqual(value, part);
export const assertType = (): void => {};

export function assertIsError(error: unknown, type: Class | string = Error, part = ""): void {
  if (typeof type === "string") return assertIsError(error, Error);
  assert.ok(error instanceof type, `${show(error)} is no ${type.name}`);
  assert.ok(error.message.includes(part), `"${error.message}" has no "${part}"`);
}

export function assertThrows(run: () => unknown, type?: Class | string, part?: string): unknown {
  let thrown: unknown;
  assert.throws(run, (error) => {
    thrown = error;
    assertIsError(error, type, part);
    return true;
  });
  return thrown;
}

export async function assertRejects(
  run: () => Promise<unknown>,
  type?: Class | string,
  part?: string,
): Promise<unknown> {
  const error = await run().then(
    () => assert.fail("it resolved"),
    (reason: unknown) => reason,
  );
  assertIsError(error, type, part);
  return error;
}

interface Call {
  readonly args: unknown[];
  returned?: unknown;
}

/** A function that notes its calls. */
export function spy(original: Any = () => undefined): Any & { calls: Call[] } {
  const calls: Call[] = [];
  const watched: Any = function (...args) {
    const call: Call = { args };
    calls.push(call);
    call.returned = original.apply(this, args);
    return call.returned;
  };
  return Object.assign(watched, { calls });
}

/** Replaces a method until the end of the block. */
export function stub(object: Record<string, unknown>, method: string, replacement: Any = () => undefined) {
  const own = Object.getOwnPropertyDescriptor(object, method);
  const watched = spy(replacement);
  const restore = () => {
    if (own === undefined) delete object[method];
    else Object.defineProperty(object, method, own);
  };
  Object.defineProperty(object, method, { value: watched, configurable: true, writable: true });
  return Object.assign(watched, { restore, [Symbol.dispose]: restore });
}

export async function convertToUint8Array(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

const show = (value: unknown): string =>
  value instanceof Error ? String(value) : (JSON.stringify(value) ?? `${value}`);

const plain = (value: unknown): unknown =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Error) &&
  !(value instanceof Map)
    ? { ...value }
    : value;
