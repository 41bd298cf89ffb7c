/** The line at the bottom of the terminal in which somebody types. What is printed meanwhile comes above it. */

import { clearLine, cursorTo, type Interface } from "node:readline";

export class PromptLine {
  #lines: Interface | undefined;
  #output: NodeJS.WritableStream | undefined;

  /** From now on, and until the input is closed, there is one. */
  attach(lines: Interface, output: NodeJS.WritableStream): void {
    this.#lines = lines;
    this.#output = output;
    lines.once("close", () => {
      this.#lines = undefined;
    });
  }

  /** Has something printed, whole lines of it. Where somebody is typing, that is taken away and brought back. */
  above(print: () => void): void {
    if (this.#lines === undefined) return print();
    cursorTo(this.#output!, 0);
    clearLine(this.#output!, 0);
    print();
    this.#lines?.prompt(true);
  }
}
