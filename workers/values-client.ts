/**
 * The stored values, as the code of this worker has them. Code of an event sees its own writes, then what is recorded: the settled events
 * of all workers, for a question and a settlement travel in order. Writes of an event wait for its settlement; those outside an event are
 * recorded at once.
 */

import type { Batch } from "../src/protocol/batch.ts";
import { ForeignKeyError } from "../src/protocol/errors.ts";
import type { ToMain } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import type { StoredValue, StoredWrite, ValueAccess } from "../src/protocol/stored-value.ts";
import { type ContextEvent, currentEvent } from "./current-event.ts";

/** The code that waits for an answer. */
interface WaitingQuestion {
  readonly event: ContextEvent | undefined;
  resolve(value: StoredValue | undefined): void;
}

/** Time after which a value is written again although it has not changed, so that it counts as used: ms. */
const REWRITE = 3_600_000;

export class ValuesClient implements ValueAccess {
  readonly #outbound: Pick<Batch<ToMain>, "push">;
  readonly #pulse: Pick<Pulse, "willWorkAt">;
  readonly #rewrite: number;
  /** Each in a place of its own, whose number is the id of the question: as in calls.ts. */
  readonly #waiting: (WaitingQuestion | undefined)[] = [];
  readonly #free: number[] = [];

  /** @param age time for which a value is kept without a write: ms */
  constructor(outbound: Pick<Batch<ToMain>, "push">, pulse: Pick<Pulse, "willWorkAt">, age: number) {
    this.#outbound = outbound;
    this.#pulse = pulse;
    this.#rewrite = Math.min(REWRITE, age / 2);
  }

  async get(key: string, refusesForeign: boolean): Promise<string | undefined> {
    const event = unsettledEvent();
    if (event?.delivery.values.hasWritten(key)) return event.delivery.values.written(key);
    const value = await this.#ask((id) => ({ type: "get", id, key }), event);
    if (event === undefined) return value?.json;
    if (refusesForeign) refuseForeign(key, value, event);
    event.delivery.values.read(key, value);
    return value?.json;
  }

  async set(key: string, json: string | undefined, refusesForeign: boolean): Promise<void> {
    const event = unsettledEvent();
    if (event === undefined) {
      const write: StoredWrite = { key, json, seq: undefined, line: undefined };
      await this.#ask((id) => ({ type: "set", id, write }), event);
      return;
    }
    const { values } = event.delivery;
    if (refusesForeign && !values.hasRead(key)) {
      await this.get(key, true);
      // The event may be settled by now.
      return this.set(key, json, false);
    }
    if (!values.isNeedless(key, json, Date.now() - this.#rewrite)) values.write(key, json);
  }

  /** The answer to a question. */
  answered(id: number, value: StoredValue | undefined): void {
    const waiting = this.#waiting[id];
    if (waiting === undefined) return;
    this.#waiting[id] = undefined;
    this.#free.push(id);
    const { event } = waiting;
    if (event?.delivery.isUnsettled) this.#pulse.willWorkAt(event.seq, event.delivery.limit);
    waiting.resolve(value);
  }

  #ask(question: (id: number) => ToMain, event: ContextEvent | undefined): Promise<StoredValue | undefined> {
    const id = this.#free.pop() ?? this.#waiting.length;
    const { promise, resolve } = Promise.withResolvers<StoredValue | undefined>();
    this.#waiting[id] = { event, resolve };
    this.#outbound.push(question(id));
    return promise;
  }
}

/** The event to which writes of the running code belong. */
function unsettledEvent(): ContextEvent | undefined {
  const event = currentEvent();
  return event?.delivery.isUnsettled ? event : undefined;
}

function refuseForeign(key: string, value: StoredValue | undefined, { delivery }: ContextEvent): void {
  // The event may be settled by now: its line is not known any more.
  const [owner, line] = [value?.line, delivery.line];
  if (owner === undefined || line === "" || chatLine(owner) === chatLine(line)) return;
  throw new ForeignKeyError(
    `the stored value "${key}" belongs to ${owner}, and an event of ${line} used it: use a key of its own for each line, or allow it with createStorage({ foreign: "last-write-wins" })`,
  );
}

/** An urgent command has a line of its own, but uses the values of its chat. */
function chatLine(line: string): string {
  return line.endsWith("/urgent") ? line.slice(0, -"/urgent".length) : line;
}
