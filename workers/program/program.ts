/**
 * A bot's program, as people run it with Node.js: it exports no application, but starts a bot of a library. Its Bot API is answered
 * inside the thread, and its updates go to the bot's own handleUpdate.
 *
 *   imported -- it asks for updates (getUpdates with a timeout, setWebhook with a URL) --> launched
 *   imported -- it exports a bot, and has not started it in 5 s --> launched
 *   imported -- it has asked for updates before its bot had a handler, and now it has one --> launched
 *
 * The file is longer than others because the ways in which libraries start a bot end in one launch.
 */

import { createRequire } from "node:module";
import { extname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { ApplicationLoadError, DisconnectedError } from "../../src/protocol/errors.ts";
import type { Call, ProgramFacts } from "../../src/protocol/port.ts";
import type { Entity } from "../../src/protocol/route.ts";
import type { Caller, Calls } from "../calls.ts";
import { currentContext, type EventContext, givenUp } from "../current-event.ts";
import { type Delivered, Instance } from "../instance.ts";
import type { Asgi3 } from "../loader.ts";
import { Streams } from "../streams.ts";
import type { FoundBot } from "./found-bot.ts";
import { watchLibraries } from "./libraries.ts";
import { idIn, LocalBotApi } from "./local-bot-api.ts";

/** Scope of the calls that the program makes outside any event. */
const SCOPE = "program";

/** Time in which a program has to start its bot after its import: ms. */
const LATEST_START = 30_000;
/** Time after which a bot is served although its program has not started it, or has not been imported to its end: ms. */
const EXPORTED = 5000;

/** Time after which a chat's next event does not wait for the one before, if the library overlaps them by itself: ms. */
const PATIENCE = 1000;

/** The bot that is served, or is about to be. */
interface StartedBot {
  readonly found: FoundBot;
  readonly started: string;
}

/** The program asks for updates. */
interface Ask {
  readonly method: string;
  /** Kinds of update, in a list or as JSON. */
  readonly kinds: unknown;
}

export class Program {
  /** Resolves with an application that hands its events to the bot; rejects if the bot cannot be served. */
  readonly launched: Promise<Asgi3>;

  readonly #api: LocalBotApi;
  /** The served bot's id, as the program's code has it. */
  #id: string;
  readonly #anyToken: boolean;
  readonly #calls: Pick<Calls, "make">;
  readonly #launched = Promise.withResolvers<Asgi3>();
  readonly #leave: () => void;
  readonly #outside = new OutsideCaller();
  /** Calls without an answer, by the context of their event. */
  readonly #open = new WeakMap<EventContext, Set<Promise<unknown>>>();
  /** The library that was loaded first. */
  #library: string | undefined;
  readonly #untested = new Set<string>();
  /** Bots with the served bot's token, in the order in which they were made. */
  readonly #seen = new Map<object, FoundBot>();
  /** Ids of other bots that the program has started. */
  readonly #others = new Set<string>();
  #started: StartedBot | undefined;
  #isLaunched = false;
  #isImported = false;
  /** Waits for a bot: libraries tell of theirs at its first handler, and some programs set their webhook before that. */
  #early: Ask | undefined;
  /** Resolves when the bot has its handlers. */
  #ready: Promise<void> = Promise.resolve();
  #updates: readonly string[] = [];
  #dropsPending = false;

  /**
   * @param bot the bot itself, as getMe describes it
   * @param anyToken the bot that the code makes first is the bot itself, whatever its token
   */
  constructor(bot: Entity, calls: Pick<Calls, "make">, anyToken = false) {
    this.#id = `${bot.id}`;
    this.#anyToken = anyToken;
    this.#calls = calls;
    this.launched = this.#launched.promise;
    this.launched.catch(() => {});
    const api = new LocalBotApi({
      bot,
      anyToken,
      make: (callOf) => this.#make(callOf),
      onLaunch: (method, kinds) => this.#asked({ method, kinds }),
      onDropPending: () => {
        this.#dropsPending = true;
      },
      // Programs write to their owners by a bot that they do not start.
      refuses: (id) => (this.#seen.size === 0 || this.#others.has(id)) && this.#refuses(id),
    });
    this.#api = api;
    let restore: (() => void) | undefined;
    const onLoaded = (library: string, isTested: boolean) => {
      this.#library ??= library;
      if (!isTested) this.#untested.add(library);
      restore ??= seams().answerRequests(api);
    };
    const unwatch = watchLibraries(onLoaded, {
      api,
      wrapFetch: (original) => seams().localNodeFetch(original, api),
      onSeen: (bot, found) => void this.#sees(bot, found),
      onStarted: (bot, found, started) => {
        if (this.#sees(bot, found)) this.#started = { found, started };
        else this.#refuses(idIn(found.token));
      },
      onHeld: (ready) => {
        this.#ready = ready;
      },
    });
    this.#leave = () => {
      unwatch();
      restore?.();
    };
  }

  /** The library that is loaded, and its version. */
  get library(): string | undefined {
    return this.#started?.found.library ?? this.#library;
  }

  /** Facts about the program; undefined before its launch, and for an application. */
  get facts(): ProgramFacts | undefined {
    if (!this.#isLaunched) return undefined;
    const { found, started } = this.#started!;
    return {
      library: found.library,
      untested: [...this.#untested],
      started,
      updates: this.#updates,
      dropsPending: this.#dropsPending,
    };
  }

  /**
   * Waits for the launch.
   * @param exports a bot among them need not be started
   * @throws ApplicationLoadError if the program starts no bot
   */
  async launch(module: string, exports: readonly unknown[]): Promise<Asgi3> {
    this.#isImported = true;
    this.#askAgain();
    const served = setTimeout(() => exports.some((value) => this.exported(value) !== undefined), EXPORTED);
    const late = setTimeout(() => {
      const remedy = "start the bot in it, or export it; a bot whose webhook is set by hand has to be exported";
      const message = `${module} has no application and started no bot within ${LATEST_START / 1000} s: ${remedy}`;
      this.#launched.reject(new ApplicationLoadError(message));
    }, LATEST_START);
    return this.launched.finally(() => {
      clearTimeout(served);
      clearTimeout(late);
    });
  }

  /** Serves a bot as it is. @returns undefined if the value is no bot, or another one */
  exported(value: unknown): Promise<Asgi3> | undefined {
    const found = this.#seen.get(Object(value));
    if (found === undefined) return undefined;
    this.#launch({ found, started: "export" });
    return this.launched;
  }

  /** The program is about to end: it waits no longer for updates. */
  endPolls(): void {
    this.#api.endPolls();
  }

  /** The file is an application: its libraries are its own business. */
  leave(): void {
    this.#leave();
  }

  /** @returns false for another bot than the served one */
  #sees(bot: object, found: FoundBot): boolean {
    const id = idIn(found.token);
    if (this.#anyToken && this.#seen.size === 0 && id !== "") this.#id = id;
    if (id !== this.#id) return false;
    this.#seen.set(bot, found);
    // The program goes on to add its other handlers. Its import may never end.
    if (this.#early !== undefined) setTimeout(() => this.#askAgain(), this.#isImported ? 0 : EXPORTED).unref();
    return true;
  }

  /** Refuses a program that starts another bot, or has none but another one. After the launch that is its own business. */
  #refuses(id: string): boolean {
    if (this.#isLaunched) return false;
    this.#others.add(id);
    // It may be about to start the served bot, too.
    queueMicrotask(() => {
      if (id === "") {
        const message =
          "it starts a bot without a token: the variable in which its code looks for the token is not set";
        return this.#launched.reject(new ApplicationLoadError(message));
      }
      const ids = this.#started === undefined ? [...this.#others] : [this.#id, ...this.#others];
      const message =
        ids.length > 1
          ? `it starts ${ids.length} bots (ids ${ids.join(", ")}): asgigram serves one`
          : `its code holds a token of bot ${id}, but asgigram serves bot ${this.#id}: give asgigram the token of bot ${id}, by --token-file`;
      this.#launched.reject(new ApplicationLoadError(message));
    });
    return true;
  }

  #asked(ask: Ask): void {
    if (this.#isLaunched) return;
    const [found] = this.#seen.values();
    const started = this.#started ?? (found === undefined ? undefined : { found, started: `${ask.method}()` });
    this.#early = started === undefined ? ask : undefined;
    if (started === undefined) return;
    this.#updates = kindsIn(ask.kinds);
    this.#launch(started);
  }

  #askAgain(): void {
    if (this.#early !== undefined) this.#asked(this.#early);
  }

  #launch(started: StartedBot): void {
    if (this.#isLaunched || this.#others.size > 0) return;
    this.#isLaunched = true;
    this.#started = started;
    void this.#ready.then(() => {
      this.#launched.resolve((_scope, receive) => this.#serve(started.found, receive));
    });
  }

  /** The application of one instance. */
  async #serve(bot: FoundBot, receive: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const event = (await receive()) as { type: string };
      if (event.type === "telegram.disconnect") return;
      const context = currentContext()!;
      const delivered = context.held as Delivered;
      const handled = this.#handle(bot, delivered, context);
      if (!bot.overlaps) await handled;
      else if (await outlasts(handled, PATIENCE)) delivered.delivery.waitUntil(handled);
    }
  }

  /** Resolves when the bot is done with the update and the calls that it made are answered. */
  async #handle(bot: FoundBot, { update, delivery }: Delivered, context: EventContext): Promise<void> {
    delivery.endsJobs = true;
    try {
      await bot.handle(update);
      // Libraries catch errors, also that of work which the server's stop has ended: the bot is not done with the update then.
      if (delivery.stoppedBy instanceof DisconnectedError) throw delivery.stoppedBy;
    } finally {
      const answered = this.#answered(context);
      // Work that the bot gave to waitUntil() makes calls, too, and the chat's next event is not to wait for them.
      if (delivery.isOpen) delivery.waitUntil(answered);
      else await answered;
    }
  }

  /** Resolves when the calls that the event's code made are answered, and those that it made upon these answers. */
  async #answered(context: EventContext): Promise<void> {
    const open = this.#open.get(context);
    while (open !== undefined && open.size > 0) {
      await Promise.allSettled(open);
      await turn();
    }
  }

  #make(callOf: (owner: Caller) => Call): Promise<unknown> {
    const context = currentContext();
    const instance = context?.instance;
    const error = givenUp();
    if (error !== undefined) return Promise.reject(error);
    // The handler of a dead letter belongs to no instance.
    if (context === undefined || !(instance instanceof Instance) || instance.isGone) {
      return this.#calls.make(callOf(this.#outside), SCOPE, this.#outside, undefined);
    }
    const answered = instance.make(callOf(instance));
    const open = this.#open.get(context) ?? new Set();
    this.#open.set(context, open);
    open.add(answered);
    const close = () => open.delete(answered);
    answered.then(close, close);
    return answered;
  }
}

/** An application needs nothing of this: node:tls and the rest are a third of what a worker would import. */
function seams(): typeof import("./seams.ts") {
  return createRequire(import.meta.url)(`./seams${extname(import.meta.url)}`);
}

/** @returns true if the work takes longer; rejects as the work does before that */
async function outlasts(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, milliseconds, true);
  return Promise.race([work.then(() => false), promise]).finally(() => clearTimeout(timer));
}

/** The kinds of update in a list; a form has it as JSON. */
function kindsIn(given: unknown): readonly string[] {
  if (typeof given === "string" && given !== "") return kindsIn(JSON.parse(given));
  return Array.isArray(given) ? given.map(String) : [];
}

/** Makes the calls that belong to no event: at the program's start, and from timers. */
class OutsideCaller implements Caller {
  readonly held = undefined;
  readonly hasKept = false;
  readonly unsettled = [];
  readonly streams = new Streams();
  answered(): void {}
}
