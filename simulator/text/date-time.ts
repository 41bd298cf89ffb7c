/** Formats of date_time entities: https://core.telegram.org/bots/api#date-time-entity-formatting */

/** The format with each part once, in Telegram's order: weekday, date, time. Undefined if a letter is unknown. */
export function dateTimeFormat(format: string): string | undefined {
  if (/^r$/i.test(format)) return "r";
  if (/[^wdt]/i.test(format)) return undefined;
  const first = (...letters: string[]) => letters.find((letter) => format.includes(letter)) ?? "";
  return `${/w/i.test(format) ? "w" : ""}${first("d", "D")}${first("t", "T")}`;
}
