/** The parts of ava that Telegraf's tests use. */

import assert from "node:assert/strict";
import { addCase } from "./cases.ts";

class Context {
  #assertions = 0;
  #planned: number | undefined;
  readonly is = this.#counted(Object.is);
  readonly assert = this.#counted(Boolean);
  readonly true = this.#counted((value: unknown) => value === true);
  readonly false = this.#counted((value: unknown) => value === false);
  readonly pass = this.#counted(() => true);
  readonly fail = this.#counted(() => false);
  readonly deepEqual = this.#counted(isEqual);
  readonly notDeepEqual = this.#counted((actual: unknown, other: unknown) => !isEqual(actual, other));

  plan(assertions: number): void {
    this.#planned = assertions;
  }

  async throwsAsync(work: Promise<unknown> | (() => Promise<unknown>)): Promise<void> {
    this.#assertions += 1;
    await assert.rejects(work);
  }

  async notThrowsAsync(work: Promise<unknown> | (() => Promise<unknown>)): Promise<void> {
    this.#assertions += 1;
    await assert.doesNotReject(work);
  }

  end(): void {
    if (this.#planned !== undefined) assert.equal(this.#assertions, this.#planned, "assertions, as planned");
  }

  #counted<Values extends unknown[]>(holds: (...values: Values) => boolean): (...values: Values) => void {
    return (...values) => {
      this.#assertions += 1;
      assert.ok(holds(...values), `an assertion about ${JSON.stringify(values)}`);
    };
  }
}

function isEqual(actual: unknown, expected: unknown): boolean {
  try {
    assert.deepEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}

function test(name: string, body: (context: Context) => unknown): void {
  addCase(name, async () => {
    const context = new Context();
    await body(context);
    context.end();
  });
}

const ava = Object.assign(test, { default: test });

/** Makes it the result of require(). */
export { ava as "module.exports" };
