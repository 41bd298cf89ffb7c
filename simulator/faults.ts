/**
 * Faults between a bot and the Bot API: errors, slow answers and broken connections, for some calls of a method or for all.
 *
 *   simulator.fail("sendMessage", { error_code: 429, retry_after: 3, times: 1 });
 *   const outage = await simulator.fail("*", { breaks: "before", probability: 0.5 });
 *   await outage.stop();
 *
 * Each fault stands in front of those that were added before it, and the `intercept` of SimulatorOptions is the last one.
 */

import { STATUS_CODES } from "node:http";
import { Refusal, type RefusalParameters, tooManyRequests } from "./api/refusal.ts";
import type { IncomingCall, Intercept } from "./http/bot-routes.ts";
import { randomFrom } from "./state/random.ts";
import { clearTimeout, setTimeout } from "./state/real-time.ts";

/** One of `error_code`, `migrate_to_chat_id` and `breaks`, or none for a slow answer that is right. */
export interface Fault extends RefusalParameters {
  /** The code of an error, which is answered instead of carrying the call out. */
  error_code?: number;
  /** The error's text. By default Telegram's for the code. */
  description?: string;
  /** Milliseconds before the call is carried out. A caller that hangs up, and the end of the simulator, end the wait. */
  delay?: number;
  /** The connection is broken off, before or after the call is carried out. */
  breaks?: "before" | "after";
  /** The most calls that are hit. By default all, until the fault is stopped. */
  times?: number;
  /** Of a hit, for each call: 1 by default. */
  probability?: number;
  /** Values of parameters that a call must have: `{ chat_id: 7 }`. */
  when?: Record<string, string | number | boolean>;
}

/** A fault that hits calls. */
export interface ActiveFault {
  readonly id: number;
  readonly method: string;
  readonly fault: Fault;
  /** Calls that it has hit. */
  readonly hits: number;
}

interface Rule {
  readonly id: number;
  /** Undefined for the `intercept` of the options, and for a fault that hits no call any more. */
  readonly active: () => ActiveFault | undefined;
  hits(call: IncomingCall): boolean;
  readonly answer: Intercept;
}

export class Faults {
  readonly #random: () => number;
  #rules: Rule[] = [];
  readonly #observers = new Set<(active: readonly ActiveFault[]) => void>();
  /** Ends the delays under way. */
  readonly #closing = new AbortController();
  #count = 0;

  /** @param seed of the probabilities @param last stands behind all faults */
  constructor(seed: number, last?: Intercept) {
    this.#random = randomFrom(seed);
    if (last !== undefined) this.#rules.push({ id: 0, active: () => undefined, hits: () => true, answer: last });
  }

  /** @param method in any case; `*` for all @returns the fault's id */
  add(method: string, fault: Fault): number {
    const id = ++this.#count;
    const { times = Infinity, probability = 1 } = fault;
    let count = 0;
    const hits = (call: IncomingCall) => {
      if (count >= times || !concerns(call, method, fault) || this.#random() >= probability) return false;
      count += 1;
      this.#changed();
      return true;
    };
    const active = () => (count < times ? { id, method, fault, hits: count } : undefined);
    this.#rules.unshift({ id, active, hits, answer: (call, respond) => this.#spoil(call, respond, fault) });
    this.#changed();
    return id;
  }

  /** @param id by default all faults */
  remove(id?: number): void {
    this.#rules = this.#rules.filter((rule) => rule.id === 0 || (id !== undefined && rule.id !== id));
    this.#changed();
  }

  /** Ends all faults and the delays under way: a bot that is being stopped must get its answers. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.remove();
    this.#closing.abort();
  }

  /** The faults that still hit calls, the latest first. */
  get active(): ActiveFault[] {
    return this.#rules.flatMap(({ active }) => active() ?? []);
  }

  /** Calls `observer` with `active` whenever it has changed, until the returned function is called. */
  observe(observer: (active: readonly ActiveFault[]) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  async #spoil(call: IncomingCall, respond: () => Promise<Response>, fault: Fault): Promise<Response> {
    call.recorded.fault = fault;
    if (fault.delay !== undefined) await pause(fault.delay, AbortSignal.any([call.signal, this.#closing.signal]));
    const refusal = refusalOf(fault);
    if (refusal !== undefined) throw refusal;
    if (fault.breaks === undefined) return await respond();
    const response = fault.breaks === "after" ? await respond() : new Response(null, { status: 499 });
    call.incoming.socket.destroy();
    return response;
  }

  #changed(): void {
    for (const observer of this.#observers) observer(this.active);
  }

  /** Hands a call through the faults that hit it to the Bot API. Undefined without any. */
  get intercept(): Intercept | undefined {
    return this.#rules.length === 0 ? undefined : (call, respond) => pass(this.#rules, call, respond);
  }
}

function pass(rules: readonly Rule[], call: IncomingCall, respond: () => Promise<Response>): Promise<Response> {
  const at = rules.findIndex((rule) => rule.hits(call));
  if (at < 0) return respond();
  return rules[at]!.answer(call, () => pass(rules.slice(at + 1), call, respond));
}

function concerns(call: IncomingCall, method: string, { when = {} }: Fault): boolean {
  if (method !== "*" && method.toLowerCase() !== call.method.toLowerCase()) return false;
  return Object.entries(when).every(([name, value]) => String(call.parameters[name]) === String(value));
}

/** Resolves after so many ms, or at the signal: no timer keeps the process. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
}

const MIGRATED = "Bad Request: group chat was upgraded to a supergroup chat";

function refusalOf({ error_code, description, retry_after, migrate_to_chat_id }: Fault): Refusal | undefined {
  if (migrate_to_chat_id !== undefined) {
    return new Refusal(error_code ?? 400, description ?? MIGRATED, { migrate_to_chat_id });
  }
  if (error_code === 429 || retry_after !== undefined) {
    const usual = tooManyRequests(retry_after ?? 1);
    return new Refusal(error_code ?? 429, description ?? usual.description, usual.parameters);
  }
  if (error_code === undefined) return undefined;
  return new Refusal(error_code, description ?? TEXTS[error_code] ?? STATUS_CODES[error_code] ?? "Unknown error");
}

/** Common errors of the codes that have no text of their own. */
const TEXTS: Record<number, string> = {
  400: "Bad Request: chat not found",
  403: "Forbidden: bot was blocked by the user",
};
