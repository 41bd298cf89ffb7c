/** The beginning of a pre in both styles of Markdown: three backticks, a language, a line break. */

import { matchAt } from "./match-at.ts";

const FENCE = /```(?:([^\s`]+)(?=\s))?(?:\r\n|\n\r|\n|\r)?/y;

/** Undefined if there is no fence at this place. */
export function readFence(source: string, at: number): { language?: string; end: number } | undefined {
  const fence = matchAt(FENCE, source, at);
  if (fence === null) return undefined;
  const [whole, language] = fence;
  return { ...(language !== undefined && { language }), end: at + whole.length };
}
