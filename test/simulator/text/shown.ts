/** Formatted texts as lines that a test compares. */

import type { Refusal } from "../../../simulator/api/refusal.ts";
import { format } from "../../../simulator/text/format.ts";

/** `bold "text"`, one for each entity; the details of an entity follow. */
export function marked(source: string, parse_mode?: string, given?: readonly object[]): string[] {
  const { text, entities } = format(source, parse_mode, given);
  return entities.map(({ type, offset, length, ...details }) => {
    const more = Object.values(details).map((value) => (typeof value === "object" ? JSON.stringify(value) : value));
    return [type, `"${text.slice(offset, offset + length)}"`, ...more].join(" ");
  });
}

/** The description of the refusal, without the beginning that all have. */
export function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as Refusal).description.replace("Bad Request: ", "").replace("can't parse entities: ", "");
  }
  return "no refusal";
}
