/** The input line at the bottom of the terminal. Output is printed above it. */

import { clearLine, cursorTo, type Interface } from "node:readline";

export class PromptLine {
  #lines: Interface | undefined;
  #output: NodeJS.WritableStream | undefined;

  /** Starts the input line; it ends when the input is closed. */
  attach(lines: Interface, output: NodeJS.WritableStream): void {
    this.#lines = lines;
    this.#output = output;
    lines.once("close", () => {
      this.#lines = undefined;
    });
  }

  /** Calls `print`, which must write whole lines. An input line is cleared before and restored after. */
  above(print: () => void): void {
    if (this.#lines === undefined) return print();
    cursorTo(this.#output!, 0);
    clearLine(this.#output!, 0);
    print();
    this.#lines?.prompt(true);
  }
}
