/** References such as `&lt;` and `&#128512;` in HTML. The semicolon may be missing (`decode_html_entity` in MessageEntity.cpp). */

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };
const REFERENCE = /&(?:#x([\da-f]+)|#(\d+)|([a-z]+));?/gi;
/** Longer ones are text. */
const MAX_LENGTH = 10;

/** Unknown references stay as they are. */
export const decodeReferences = (text: string): string => (text.includes("&") ? text.replace(REFERENCE, decode) : text);

function decode(reference: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return (Object.hasOwn(NAMED, name) ? NAMED[name] : undefined) ?? reference;
  if (reference.startsWith("&#X") || reference.replace(";", "").length >= MAX_LENGTH) return reference;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code > 0 && code < 0x10ffff ? String.fromCodePoint(code) : reference;
}
