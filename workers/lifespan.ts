/**
 * The lifespan of one worker thread: startup before its first event, shutdown after its last instance
 * (https://asgi.readthedocs.io/en/latest/specs/lifespan.html).
 *
 * An application may support it or not. With `auto`, an application has no lifespan if it throws, returns, or asks for
 * a second event before it has answered `lifespan.startup`, as a plain `for (;;) await receive()` does.
 */

import type { State } from "../src/protocol/asgi.ts";
import { SPEC_VERSION } from "../src/protocol/asgi.ts";
import { InvalidEventError, StartupFailedError } from "../src/protocol/errors.ts";
import { kindOfValue } from "./kind-of-value.ts";
import type { Asgi3 } from "./loader.ts";

export interface Lifespan {
  /** Values that startup stored for the instances. */
  readonly state: State;
  /** @throws StartupFailedError */
  startup(): Promise<void>;
  shutdown(): Promise<void>;
}

export type LifespanMode = "auto" | "on" | "off";

type Log = (level: "debug" | "warn" | "error", message: string, error?: unknown) => void;

export function createLifespan(mode: LifespanMode, application: Asgi3, log: Log): Lifespan {
  return mode === "off" ? new LifespanOff() : new LifespanOn(application, mode === "on", log);
}

class LifespanOff implements Lifespan {
  readonly state = {};
  async startup(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

type PhaseOutcome =
  | { is: "complete" }
  | { is: "unsupported"; why: string; error?: unknown }
  | { is: "failed"; why: string };

class LifespanOn implements Lifespan {
  readonly state: State = {};

  readonly #application: Asgi3;
  readonly #required: boolean;
  readonly #log: Log;
  readonly #started = Promise.withResolvers<PhaseOutcome>();
  readonly #stopped = Promise.withResolvers<PhaseOutcome>();
  readonly #shutdown = Promise.withResolvers<{ type: "lifespan.shutdown" }>();
  #phase: "startup" | "running" | "shutdown" = "startup";
  #received = 0;
  #supported = false;

  constructor(application: Asgi3, required: boolean, log: Log) {
    this.#application = application;
    this.#required = required;
    this.#log = log;
  }

  async startup(): Promise<void> {
    void this.#run();
    const outcome = await this.#started.promise;
    this.#phase = "running";
    switch (outcome.is) {
      case "complete":
        this.#supported = true;
        return;
      case "failed":
        throw new StartupFailedError(`the application's startup failed${outcome.why && `: ${outcome.why}`}`);
      case "unsupported":
        if (this.#required) {
          const options = outcome.error === undefined ? {} : { cause: outcome.error };
          throw new StartupFailedError(
            `--lifespan on, but the application ${outcome.why} on lifespan.startup`,
            options,
          );
        }
        this.#log("debug", `no lifespan: the application ${outcome.why} on lifespan.startup`, outcome.error);
    }
  }

  async shutdown(): Promise<void> {
    if (!this.#supported) return;
    this.#phase = "shutdown";
    this.#shutdown.resolve({ type: "lifespan.shutdown" });
    const outcome = await this.#stopped.promise;
    if (outcome.is === "failed")
      this.#log("error", `the application's shutdown failed${outcome.why && `: ${outcome.why}`}`);
    if (outcome.is === "unsupported") {
      this.#log("warn", `the application ${outcome.why} on lifespan.shutdown instead of answering it`, outcome.error);
    }
  }

  async #run(): Promise<void> {
    const scope = { type: "lifespan", asgi: { version: "3.0", spec_version: SPEC_VERSION }, state: this.state };
    try {
      await this.#application(scope, this.#receive, this.#send);
      this.#end({ is: "unsupported", why: "returned" });
    } catch (error) {
      this.#end({ is: "unsupported", why: "threw", error });
    }
  }

  /** Resolves the promises that are still pending. */
  #end(outcome: Extract<PhaseOutcome, { is: "unsupported" }>): void {
    this.#started.resolve(outcome);
    if (this.#phase === "running" && this.#supported) {
      this.#log("warn", `the application's lifespan ended early: it ${outcome.why}`, outcome.error);
      this.#supported = false;
    }
    this.#stopped.resolve(outcome);
  }

  readonly #receive = async (): Promise<object> => {
    this.#received += 1;
    if (this.#received === 1) return { type: "lifespan.startup" };
    this.#started.resolve({ is: "unsupported", why: "asked for another event" });
    if (this.#received > 2) this.#stopped.resolve({ is: "unsupported", why: "asked for another event" });
    return this.#received === 2 ? this.#shutdown.promise : new Promise(() => {});
  };

  readonly #send = (event: unknown): Promise<void> => {
    const answered = this.#answer(event);
    // An application without lifespan support may send without await: that must not end its worker.
    answered.catch(() => {});
    return answered;
  };

  async #answer(event: unknown): Promise<void> {
    const { type, message } = (event ?? {}) as { type?: unknown; message?: unknown };
    const why = typeof message === "string" ? message : "";
    switch (type) {
      case "lifespan.startup.complete":
        return this.#started.resolve({ is: "complete" });
      case "lifespan.startup.failed":
        return this.#started.resolve({ is: "failed", why });
      case "lifespan.shutdown.complete":
        return this.#stopped.resolve({ is: "complete" });
      case "lifespan.shutdown.failed":
        return this.#stopped.resolve({ is: "failed", why });
      default:
        throw new InvalidEventError(
          `a lifespan event to send is lifespan.startup.complete or .failed, or lifespan.shutdown.complete or .failed, not ${kindOfValue(type)}`,
          "type",
        );
    }
  }
}
