/** Dead letters as a table that fits the terminal: a line each, the reason cut where it has to be. */

import type { DeadLetter } from "../../inbox/dead-letters.ts";
import { localTime, summaryOf } from "./dead-letter-view.ts";
import { cut, printable, widthOf } from "./printable.ts";

const HEAD = ["ID", "DIED", "SCOPE", "TRIES", "REASON"];

/** The widest scope that is no business connection: `chat:-1001234567890`. */
const SCOPE_COLUMNS = 19;

/** @param columns of the terminal */
export function tableOf(letters: readonly DeadLetter[], bot: number, columns: number): string {
  const rows = [HEAD, ...letters.map((letter) => cellsOf(letter, bot))];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => widthOf(row[i]!))));
  return rows
    .map((row) =>
      cut(
        row
          .map((cell, i) => cell + " ".repeat(widths[i]! - widthOf(cell)))
          .join("  ")
          .trimEnd(),
        columns,
      ),
    )
    .join("\n");
}

function cellsOf(letter: DeadLetter, bot: number): string[] {
  const { scope, kind } = summaryOf(letter, bot);
  return [
    String(letter.id),
    localTime(letter.died_at).slice(0, "2026-05-01 14:30".length),
    cut(printable(scope ?? kind ?? "none").replaceAll("\n", " "), SCOPE_COLUMNS),
    String(letter.attempts),
    printable(letter.reason).trimStart().split("\n")[0]!,
  ];
}
