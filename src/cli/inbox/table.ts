/** Dead letters as a table that fits the terminal: one line each, the reason cut if necessary. */

import type { DeadLetter } from "../../inbox/dead-letters.ts";
import { localTime, summaryOf } from "./dead-letter-view.ts";
import { cut, printable, widthOf } from "./printable.ts";

const HEAD = ["ID", "DIED", "SCOPE", "TRIES", "REASON"];

/** Width of the longest scope that is a whole chat: `chat:-1001234567890`. */
const SCOPE_COLUMNS = 19;

/** @param columns width of the terminal */
export function tableOf(letters: readonly DeadLetter[], columns: number): string {
  const rows = [HEAD, ...letters.map(cellsOf)];
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

function cellsOf(letter: DeadLetter): string[] {
  const { scope, kind } = summaryOf(letter);
  return [
    String(letter.id),
    localTime(letter.died_at).slice(0, "2026-05-01 14:30".length),
    cut(printable(scope ?? kind ?? "none").replaceAll("\n", " "), SCOPE_COLUMNS),
    String(letter.attempts),
    printable(letter.reason).trimStart().split("\n")[0]!,
  ];
}
