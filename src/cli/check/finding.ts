/** What has been found out about one point: that it is well, odd, or in the way of serving. */

import { explain } from "../../protocol/explain.ts";

export type Point = "configuration" | "application" | "token" | "webhook" | "inbox" | "listen";

export interface Finding {
  readonly point: Point;
  readonly is: "ok" | "warning" | "problem";
  /** What is so, and what to do about it. */
  readonly text: string;
  /** Of a problem, what the server would end with. */
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
