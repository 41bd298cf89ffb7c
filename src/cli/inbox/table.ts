/** Dead letters as a table that fits the terminal: one line each, the reason cut if necessary. */

import type { StoredDeadLetter } from "../../inbox/dead-letters.ts";
import { aligned } from "../aligned.ts";
import { localTime, summaryOf } from "./dead-letter-view.ts";
import { cut, printable } from "./printable.ts";

const HEAD = ["ID", "DIED", "SCOPE", "TRIES", "REASON"];

/** Width of the longest scope that is a whole chat: `chat:-1001234567890`. */
const SCOPE_COLUMNS = 19;

/** @param columns width of the terminal */
export function tableOf(letters: readonly StoredDeadLetter[], columns: number): string {
  return aligned([HEAD, ...letters.map(cellsOf)])
    .map((line) => cut(line, columns))
    .join("\n");
}

function cellsOf(letter: StoredDeadLetter): string[] {
  const { scope, kind } = summaryOf(letter);
  return [
    String(letter.id),
    localTime(letter.died_at).slice(0, "2026-05-01 14:30".length),
    cut(printable(scope ?? kind ?? "none").replaceAll("\n", " "), SCOPE_COLUMNS),
    String(letter.attempts),
    printable(letter.reason).trimStart().split("\n")[0]!,
  ];
}
