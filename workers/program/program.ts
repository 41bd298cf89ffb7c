/**
 * A bot's program, as people run it with Node.js: it exports no application, but starts a bot of a library. Its Bot API is answered
 * inside the thread, and its updates go to the bot's own handleUpdate.
 *
 *   imported -- it asks for updates (getUpdates with a timeout) --> launched
 */

import { setImmediate as turn } from "node:timers/promises";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import type { Entity } from "../../src/protocol/route.ts";
import type { Caller, Calls } from "../calls.ts";
import { currentContext } from "../current-event.ts";
import type { Delivered, Instance } from "../instance.ts";
import type { Asgi3 } from "../loader.ts";
import { Streams } from "../streams.ts";
import { localNodeFetch } from "./fetch.ts";
import { type FoundBot, watchLibraries } from "./libraries.ts";
import { idIn, LocalBotApi } from "./local-bot-api.ts";
import { answerRequests } from "./seams.ts";

/** Scope of the calls that the program makes outside any event. */
const SCOPE = "program";

/** Time in which a program has to start its bot after its import: ms. */
const PATIENCE = 30_000;

export class Program {
  /** Resolves with an application that hands its events to the bot; rejects if the bot cannot be served. */
  readonly launched: Promise<Asgi3>;

  readonly #bot: Entity;
  readonly #calls: Pick<Calls, "make">;
  readonly #launched = Promise.withResolvers<Asgi3>();
  readonly #leave: () => void;
  readonly #outside = new OutsideCaller();
  /** Calls without an answer, by instance. */
  readonly #open = new WeakMap<Instance, Set<Promise<unknown>>>();
  #library: string | undefined;
  #found: FoundBot | undefined;

  /** @param bot the bot itself, as getMe describes it */
  constructor(bot: Entity, calls: Pick<Calls, "make">) {
    this.#bot = bot;
    this.#calls = calls;
    this.launched = this.#launched.promise;
    this.launched.catch(() => {});
    const api = new LocalBotApi({
      bot,
      make: (callOf) => this.#make(callOf),
      onLaunch: () => this.#launch(),
      refuses: (id) => this.#refuses(id),
    });
    let restore: (() => void) | undefined;
    const unwatch = watchLibraries({
      onLoaded: (library) => {
        this.#library ??= library;
        restore ??= answerRequests(api);
      },
      onStarted: (found) => this.#starts(found),
      wrapFetch: (original) => localNodeFetch(original, api),
    });
    this.#leave = () => {
      unwatch();
      restore?.();
    };
  }

  /** The library that is loaded, and its version. */
  get library(): string | undefined {
    return this.#found?.library ?? this.#library;
  }

  /** The way in which the bot was started: `bot.start()`. */
  get started(): string | undefined {
    return this.#found?.started;
  }

  /** Waits for the launch. @throws ApplicationLoadError if the program starts no bot */
  async launch(module: string): Promise<Asgi3> {
    const late = setTimeout(() => {
      const message = `${module} has no application and started no bot within ${PATIENCE / 1000} s`;
      this.#launched.reject(new ApplicationLoadError(message));
    }, PATIENCE);
    return this.launched.finally(() => clearTimeout(late));
  }

  /** The file is an application: its libraries are its own business. */
  leave(): void {
    this.#leave();
  }

  #starts(found: FoundBot): void {
    if (idIn(found.token) !== `${this.#bot.id}`) return void this.#refuses(idIn(found.token));
    // start() calls init() itself.
    if (this.#found === undefined || found.started !== "bot.init()") this.#found = found;
  }

  /** Refuses a program whose first bot is another one. Later ones are its own business. */
  #refuses(id: string): boolean {
    if (this.#found !== undefined) return false;
    const message = `its code holds a token of bot ${id}, but asgigram serves bot ${this.#bot.id}`;
    this.#launched.reject(new ApplicationLoadError(message));
    return true;
  }

  #launch(): void {
    if (this.#found !== undefined) this.#launched.resolve((_scope, receive) => this.#serve(receive));
  }

  /** The application of one instance. */
  async #serve(receive: () => Promise<unknown>): Promise<void> {
    const { handle } = this.#found!;
    const instance = currentContext()!.instance as Instance;
    for (;;) {
      const event = (await receive()) as { type: string };
      if (event.type === "telegram.disconnect") return;
      const { update } = instance.held as Delivered;
      try {
        await handle(update);
      } finally {
        await this.#answered(instance);
      }
    }
  }

  /** Resolves when the calls that the event's code made are answered, and those that it made upon these answers. */
  async #answered(instance: Instance): Promise<void> {
    const open = this.#open.get(instance);
    while (open !== undefined && open.size > 0) {
      await Promise.allSettled(open);
      await turn();
    }
  }

  #make(callOf: (owner: Caller) => Call): Promise<unknown> {
    const context = currentContext();
    const instance = context?.instance as Instance | undefined;
    if (instance === undefined || instance.isGone) {
      return this.#calls.make(callOf(this.#outside), SCOPE, this.#outside, undefined);
    }
    const answered = instance.make(callOf(instance));
    const open = this.#open.get(instance) ?? new Set();
    this.#open.set(instance, open);
    open.add(answered);
    const close = () => open.delete(answered);
    answered.then(close, close);
    return answered;
  }
}

/** Makes the calls that belong to no event: at the program's start, and from timers. */
class OutsideCaller implements Caller {
  readonly held = undefined;
  readonly hasKept = false;
  readonly unsettled = [];
  readonly streams = new Streams();
  answered(): void {}
}
