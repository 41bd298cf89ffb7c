/** The beginning of a pre in both styles of Markdown: three backticks, a language, a line break. */

const FENCE = /```(?:([^\s`]+)(?=\s))?(?:\r\n|\n\r|\n|\r)?/y;

/** Undefined if there is no fence at this place. */
export function readFence(source: string, at: number): { language?: string; end: number } | undefined {
  FENCE.lastIndex = at;
  const fence = FENCE.exec(source);
  if (fence === null) return undefined;
  const [whole, language] = fence;
  return { ...(language !== undefined && { language }), end: at + whole.length };
}
