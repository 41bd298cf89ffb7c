/**
 * `telegram.send_message` <-> `sendMessage`: one rule for every method of the Bot API, so that methods newer than this
 * version work, too.
 */

const PREFIX = "telegram.";
const EVENT_TYPE = /^telegram\.[a-z]+(?:_[a-z]+)*$/;

/** The method that `telegram.download_file` names. It is the server's own, not one of the Bot API. */
export const DOWNLOAD = "downloadFile";

/** The method that an outgoing event's `type` names; undefined if the type cannot name a method. */
export function methodOf(type: string): string | undefined {
  if (!EVENT_TYPE.test(type)) return undefined;
  return type.slice(PREFIX.length).replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The `type` of the outgoing event for a method. */
export function typeOf(method: string): string {
  return PREFIX + method.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
