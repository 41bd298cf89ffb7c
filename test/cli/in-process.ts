/** The command line in the process of the tests: main() with streams and signals of its own. */

import { Console } from "node:console";
import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { main } from "../../src/cli/main.ts";
import { signalsTo } from "../../src/cli/signals.ts";
import { eventually, type Found } from "../eventually.ts";
import type { Exit, RunOptions } from "./asgigram.ts";

interface InProcessOptions extends Pick<RunOptions, "cwd" | "stdin"> {
  /** `process.env` itself for a program, which reads it. */
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input is a terminal at which no key is pressed. */
  readonly isTerminal?: boolean;
}

export class InProcess implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly #events = new EventEmitter();
  readonly #code: Promise<number>;
  #isOver = false;
  /** It is told to stop. */
  #isTold = false;

  constructor(args: readonly string[], { cwd = "/", env = {}, stdin = "", isTerminal = false }: InProcessOptions = {}) {
    const writeLog = (text: string) => {
      this.stderr += text;
      this.#events.emit("text");
    };
    const stdout = new Writable({
      decodeStrings: false,
      write: (text, _, done) => {
        this.stdout += text;
        this.#events.emit("text");
        done();
      },
    });
    const stderr = new Writable({
      decodeStrings: false,
      write: (text, _, done) => {
        writeLog(text);
        done();
      },
    });
    this.#code = main({
      argv: args,
      // The tests' own process must not keep compiled code.
      env: env === process.env ? env : { NODE_DISABLE_COMPILE_CACHE: "1", ...env },
      cwd,
      stdin: isTerminal
        ? Object.assign(new Readable({ read() {} }), { isTTY: true })
        : Readable.from(stdin === "" ? [] : [stdin]),
      stdout,
      stderr,
      console: new Console(stdout, stderr),
      events: this.#events,
      writeLog,
    }).finally(() => {
      this.#isOver = true;
      this.#events.emit("text");
    });
  }

  /** Resolves when the text is on standard error. @throws if the command ends without it */
  async says(text: string | RegExp): Promise<void> {
    await this.finds(
      () => (typeof text === "string" ? this.stderr.includes(text) : text.test(this.stderr)),
      `"${text}"`,
    );
  }

  /**
   * Resolves with what `find` finds in the output, as soon as it does; rejects if the command ends before that.
   * @param what names it, for the error
   */
  async finds<T>(find: () => T, what: string): Promise<Found<T>> {
    const findOrFail = () => {
      const found = find();
      if (!found && this.#isOver) throw new Error(`asgigram ended without ${what}:\n${this.stderr}`);
      return found;
    };
    return await eventually(
      findOrFail,
      () => `no ${what} in\n${this.stderr}`,
      (look) => {
        this.#events.on("text", look);
        return () => this.#events.off("text", look);
      },
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#isTold ||= signalsTo("stop").includes(name);
    this.#events.emit(name, name);
  }

  async exit(): Promise<Exit> {
    return { code: await this.#code, stdout: this.stdout, stderr: this.stderr };
  }

  /** Ends it, unless it is about to end: at a second signal the command ends this process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver && !this.#isTold) this.signal("SIGTERM");
    await this.#code;
  }
}

/** Like `run` of asgigram.ts, without a process of its own. */
export function runHere(args: readonly string[], options?: InProcessOptions): Promise<Exit> {
  return new InProcess(args, options).exit();
}
