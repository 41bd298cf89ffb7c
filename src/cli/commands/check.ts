/** `asgigram check`: prints whether a bot could be served. */

import { styleText } from "node:util";
import { check } from "../check/check.ts";
import { jsonOf, reportOf } from "../check/report.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { exitCodeFor } from "../exit-codes.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  const { console, stdout } = context;
  const findings = await check(sourcesOf(typed, context), context.env, (line) => console.error(line));
  const report = reportOf(findings, (style, text) => styleText(style, text, { stream: stdout }));
  console.log(typed.switches.has("json") ? jsonOf(findings) : report);
  const first = findings.find(({ is }) => is === "problem");
  return first === undefined ? 0 : exitCodeFor(first.error);
}
