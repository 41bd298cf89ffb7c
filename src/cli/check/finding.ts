/** The result of checking one point: ok, a warning, or a problem that prevents serving. */

import { explain } from "../../protocol/explain.ts";

export type Point = "configuration" | "application" | "token" | "webhook" | "inbox" | "listen";

export interface Finding {
  readonly point: Point;
  readonly is: "ok" | "warning" | "problem";
  /** The finding and the remedy. */
  readonly text: string;
  /** For a problem: the error that would end the server. */
  readonly error?: Error;
}

export function ok(point: Point, text: string): Finding {
  return { point, is: "ok", text };
}

export function warning(point: Point, text: string): Finding {
  return { point, is: "warning", text };
}

export function problem(point: Point, error: Error, text = explain(error)): Finding {
  return { point, is: "problem", text, error };
}
