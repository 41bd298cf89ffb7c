/**
 * A Bot API that fails by rules: an HTTP server in front of a simulator. It passes a call on unless a rule hits it, can refuse
 * connections altogether, and records the times of all calls.
 *
 *   await using api = await FaultyApi.start({ seed: 7 });
 *   const outage = api.inject({ fault: "badGateway", on: POLLS, probability: 0.5 });
 *   …
 *   outage.stop();
 */

import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Simulator, type SimulatorOptions } from "../../simulator/index.ts";
import { freePort } from "../network/free-port.ts";
import { FAULTS, type Fault, type FaultName, type FaultyCall, POLL_FAULTS } from "./faults.ts";
import { Random } from "./random.ts";
import { bytesOf, Relay } from "./relay.ts";

export const POLLS = /^getUpdates$/i;
export const SENDS = /^(?:send|forward|copy|edit|delete|answer|set)/i;
export const EVERYTHING = /^/;

export interface Rule {
  /** `refused`: the port is closed, regardless of `on` and `probability`. */
  readonly fault: FaultName | Fault | "refused";
  /** The methods that are hit: all unless given. */
  readonly on?: RegExp;
  /** Of a hit, for each call: 1. */
  readonly probability?: number;
  /** True if faults that need not carry the call out do so; random unless given. */
  readonly carriesOut?: boolean;
  /** The most calls that it hits. */
  readonly times?: number;
  /** True if connections that it left open, unanswered, are reset at its end. Otherwise they stay open. */
  readonly endsInReset?: boolean;
}

/** A rule with its time, in milliseconds from now. */
export interface Planned extends Rule {
  readonly from: number;
  readonly for: number;
}

export interface FaultyApiOptions {
  seed: number;
  simulator?: SimulatorOptions;
}

/** A call that came in. */
export interface Visit {
  /** Milliseconds, of `performance.now()`. */
  readonly at: number;
  readonly method: string;
  /** True if a fault has hit it. */
  readonly spoiled: boolean;
}

/** https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
const CONNECT_ERROR = "undici:client:connectError";

/** The least number of visits that are remembered. */
const REMEMBERED = 20_000;

export class FaultyApi implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly random: Random;
  readonly #server: Server;
  readonly #relay: Relay;
  readonly #rules = new Set<Injected>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #visits: Visit[] = [];
  readonly #port: number;
  #lastUpdates: string | undefined;
  #door: Promise<unknown> = Promise.resolve();
  /** Errors of this server itself: with any that are left here close() fails. */
  readonly errors: Error[] = [];
  /** The times of refused connections of this process: milliseconds, of `performance.now()`. */
  readonly refusals: number[] = [];
  /** The number of hits, by fault. */
  readonly struck = new Map<string, number>();

  private constructor(simulator: Simulator, seed: number, port: number) {
    this.simulator = simulator;
    this.#port = port;
    this.#relay = new Relay(simulator.url);
    this.random = new Random(seed);
    this.#server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        // A caller that hangs up breaks off its call.
        if (!request.socket.destroyed) this.errors.push(error);
        response.destroy();
      });
    });
  }

  static async start({ seed, simulator }: FaultyApiOptions): Promise<FaultyApi> {
    const api = new FaultyApi(await Simulator.start(simulator), seed, await freePort());
    await api.#open();
    subscribe(CONNECT_ERROR, api.#onConnectError);
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get token(): string {
    return this.simulator.token;
  }

  /** The calls that came in, the oldest first. */
  visits(method = EVERYTHING): Visit[] {
    return this.#visits.filter((visit) => method.test(visit.method));
  }

  /** Applies the rule from now on. */
  inject(rule: Rule): { stop(): void } {
    const injected: Injected = { ...rule, left: rule.times ?? Infinity, hit: new Map() };
    this.#rules.add(injected);
    if (rule.fault === "refused") this.#enterOrLeave();
    return { stop: () => this.#lift(injected) };
  }

  /** Applies the rules at their times. @returns a handle that ends all of them, those to come included */
  schedule(plan: readonly Planned[]): { stop(): void } {
    const active = new Set<{ stop(): void }>();
    const timers = plan.map(({ from, for: duration, ...rule }) =>
      this.#later(from, () => {
        const injected = this.inject(rule);
        active.add(injected);
        this.#later(duration, () => {
          active.delete(injected);
          injected.stop();
        });
      }),
    );
    return {
      stop: () => {
        for (const timer of timers) clearTimeout(timer);
        for (const injected of active) injected.stop();
      },
    };
  }

  /** Ends all rules. */
  heal(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const rule of [...this.#rules]) this.#lift(rule);
  }

  async close(): Promise<void> {
    unsubscribe(CONNECT_ERROR, this.#onConnectError);
    this.#rules.clear();
    this.heal();
    await this.#door;
    await this.#shut();
    this.#relay.close();
    await this.simulator.close();
    assert.deepEqual(this.errors, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---- the port, open or closed ----

  #lift(rule: Injected): void {
    if (this.#rules.delete(rule) && rule.fault === "refused") this.#enterOrLeave();
    if (!rule.endsInReset) return;
    for (const [socket, carriedOut] of rule.hit) {
      // Not before: the caller might repeat the call, and the simulator carry out the repetition first.
      void carriedOut.then(() => rule.hit.has(socket) && socket.resetAndDestroy());
    }
  }

  /** Opens or closes the port as the rules demand, one change after another. */
  #enterOrLeave(): void {
    this.#door = this.#door.then(() => {
      const refused = [...this.#rules].some(({ fault }) => fault === "refused");
      if (refused === !this.#server.listening) return;
      if (refused) this.#strike("refused");
      return refused ? this.#shut() : this.#open();
    });
  }

  async #open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(this.#port, "127.0.0.1", resolve);
    await promise;
    this.#server.off("error", reject);
  }

  async #shut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** A closed port sees no connection: undici reports it instead. */
  readonly #onConnectError = (message: unknown): void => {
    const { connectParams } = message as { connectParams: { port: string } };
    if (connectParams.port === String(this.#port)) this.refusals.push(performance.now());
  };

  // ---- one call ----

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const method = /^\/bot[^/]+\/(\w+)/.exec(request.url ?? "")?.[1] ?? "";
    const body = await bytesOf(request);
    const rule = this.#ruleFor(method);
    this.#note({ at, method, spoiled: rule !== undefined });
    if (rule === undefined) return this.#pass(request, response, method, body);
    const { socket } = request;
    rule.hit.set(socket, Promise.resolve());
    response.once("close", () => rule.hit.delete(socket));
    const fault = typeof rule.fault === "string" ? FAULTS[rule.fault as FaultName] : rule.fault;
    await fault({
      method,
      request,
      response,
      random: this.random,
      carriesOut: rule.carriesOut ?? this.random.chance(0.5),
      good: async () => {
        const answer = this.#relay.pass(request, response, withoutWaiting(method, body));
        rule.hit.set(
          socket,
          answer.catch(() => {}),
        );
        return (await answer).text;
      },
      lastUpdates: this.#lastUpdates,
    } satisfies FaultyCall);
  }

  #ruleFor(method: string): Injected | undefined {
    for (const rule of this.#rules) {
      const { fault, on = EVERYTHING, probability = 1 } = rule;
      if (fault === "refused" || !on.test(method)) continue;
      if (POLL_FAULTS.has(fault) && !POLLS.test(method)) continue;
      if (!this.random.chance(probability)) continue;
      rule.left -= 1;
      if (rule.left <= 0) this.#rules.delete(rule);
      this.#strike(typeof fault === "string" ? fault : fault.name);
      return rule;
    }
    return undefined;
  }

  async #pass(request: IncomingMessage, response: ServerResponse, method: string, body: Buffer): Promise<void> {
    const { status, headers, text } = await this.#relay.pass(request, response, body);
    if (POLLS.test(method) && text.startsWith('{"ok":true,"result":[{')) this.#lastUpdates = text;
    if (!response.destroyed) response.writeHead(status, headers).end(text);
  }

  #note(visit: Visit): void {
    this.#visits.push(visit);
    if (this.#visits.length > 2 * REMEMBERED) this.#visits = this.#visits.slice(-REMEMBERED);
  }

  #strike(name: string): void {
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
  }

  #later(milliseconds: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }
}

interface Injected extends Rule {
  /** The number of calls that it may still hit. */
  left: number;
  /** The open connections of the calls that it has hit; each promise resolves when its call is carried out, or need not be. */
  readonly hit: Map<Socket, Promise<unknown>>;
}

/** A poll without its wait: the answer to spoil is wanted now. */
function withoutWaiting(method: string, body: Buffer): Buffer {
  if (!POLLS.test(method)) return body;
  return Buffer.from(JSON.stringify({ ...JSON.parse(body.toString() || "{}"), timeout: 0 }));
}
