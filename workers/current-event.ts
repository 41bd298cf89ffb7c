/**
 * The event that code belongs to. This is the only file that answers it: the async context follows an application's code through
 * promises, timers and callbacks.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { DisconnectedError } from "../src/protocol/errors.ts";
import type { EventDelivery } from "./event-delivery.ts";

/**
 * The context of an instance's code. An instance has one, and gets another when it goes on while work at its event is open: the code
 * of that work keeps the old one.
 */
export class EventContext {
  readonly instance: ContextOwner;
  /** The event at hand, until it is settled. */
  held: ContextEvent | undefined;
  /** The event was given up while its code went on: nothing is sent for that code any more. */
  isGivenUp = false;

  constructor(instance: ContextOwner) {
    this.instance = instance;
  }
}

/** An instance, as far as reports and deliveries know it. */
export interface ContextOwner {
  /** The scope's key. */
  readonly key: string;
  readonly context: EventContext;
  /** Events at hand and kept. */
  readonly unsettled: readonly ContextEvent[];
}

export interface ContextEvent {
  readonly seq: number;
  readonly event: { readonly type: string };
  readonly delivery: EventDelivery;
}

const contexts = new AsyncLocalStorage<EventContext>();

/** Runs a function in the context of this file's import, which belongs to no instance. */
export const outside = AsyncLocalStorage.snapshot();

/** @returns runs a function in the context of the code that runs now */
export function bindToContext(): <T>(code: () => T) => T {
  return AsyncLocalStorage.snapshot();
}

/** The context of the code that runs; undefined outside of all instances. */
export function currentContext(): EventContext | undefined {
  return contexts.getStore();
}

/** The event of the code that runs. Code whose event is settled belongs to the one that its instance has now. */
export function currentEvent(): ContextEvent | undefined {
  const context = contexts.getStore();
  return context?.held ?? context?.instance.context.held;
}

/** Puts the code that runs, and all that it starts, into the context. It costs less memory than run(), which keeps the context before. */
export function enterContext(context: EventContext): void {
  contexts.enterWith(context);
}

/** The delivery of an update that the instance of the running code has. */
export function deliveryOf(update: object): EventDelivery | undefined {
  const { update_id } = update as { update_id?: unknown };
  const context = contexts.getStore();
  const events = [context?.held, ...(context?.instance.unsettled ?? [])];
  return events.find((event) => event?.delivery.update_id === update_id)?.delivery;
}

/** The error of all that the running code sends; undefined while its event is not given up. */
export function givenUp(): DisconnectedError | undefined {
  const context = contexts.getStore();
  if (!context?.isGivenUp) return undefined;
  const { key } = context.instance;
  return new DisconnectedError(`nothing can be sent for ${key} any more: its event took too long, and was given up`);
}
