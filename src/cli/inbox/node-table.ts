/** The servers that share an inbox, as a table. */

import type { NodeRow } from "../../inbox/postgres/status.ts";
import { aligned } from "../aligned.ts";
import { printable } from "./printable.ts";

const HEAD = ["NODE", "STATE", "SHARDS", "UNSETTLED", "UP", "VERSION"];

export function nodeTable(nodes: readonly NodeRow[]): string {
  return aligned([HEAD, ...nodes.map(cellsOf)]).join("\n");
}

function cellsOf({ name, isAlive, polls, shards, unsettled, joined, renewed, version }: NodeRow): string[] {
  const state = isAlive ? (polls ? "polls" : "ready") : `silent for ${span(renewed)}`;
  return [printable(name), state, `${shards}`, `${unsettled}`, span(joined), version];
}

/** `45 s`, `12 min`, `3 h`, `8 d` */
function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
