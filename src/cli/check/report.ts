/** The findings as text and as JSON. */

import type { Finding } from "./finding.ts";

export type Style = (style: "green" | "yellow" | "red", text: string) => string;

const STYLES = { ok: "green", warning: "yellow", problem: "red" } as const;

/** Widths of the columns: the longest word and a gap. */
const WIDTHS = { is: "problem  ".length, point: "configuration  ".length };

export function reportOf(findings: readonly Finding[], style: Style): string {
  return findings.map((finding) => linesOf(finding, style)).join("\n");
}

export function jsonOf(findings: readonly Finding[]): string {
  const isGood = findings.every(({ is }) => is !== "problem");
  return JSON.stringify({ ok: isGood, findings: findings.map(({ point, is, text }) => ({ point, is, text })) });
}

function linesOf({ is, point, text }: Finding, style: Style): string {
  const [first, ...rest] = text.split("\n");
  const indent = " ".repeat(WIDTHS.is + WIDTHS.point);
  const head = style(STYLES[is], is.padEnd(WIDTHS.is)) + point.padEnd(WIDTHS.point) + first;
  return [head, ...rest.map((line) => `${indent}${line}`)].join("\n");
}
