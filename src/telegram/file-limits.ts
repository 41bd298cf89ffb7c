/** The largest files, https://core.telegram.org/bots/api#sending-files and #using-a-local-bot-api-server, in bytes. */

export interface FileLimits {
  upload: number;
  photo: number;
  download: number;
}

const MEGABYTE = 1024 * 1024;

/** Telegram's own server, and any other without --local. */
const PUBLIC: FileLimits = { upload: 50 * MEGABYTE, photo: 10 * MEGABYTE, download: 20 * MEGABYTE };
const LOCAL: FileLimits = { upload: 2000 * MEGABYTE, photo: 10 * MEGABYTE, download: Number.POSITIVE_INFINITY };

export function fileLimits(isLocal: boolean): FileLimits {
  return isLocal ? LOCAL : PUBLIC;
}

/** @returns the problem with a file of that size; undefined if there is none */
export function tooLarge(size: number, kind: keyof FileLimits, limits: FileLimits): string | undefined {
  const limit = limits[kind];
  if (size <= limit) return undefined;
  return `${sizeText(size)} is more than the ${limit / MEGABYTE} MB that ${REMEDIES[kind](limits === LOCAL)}`;
}

const REMEDIES: Record<keyof FileLimits, (isLocal: boolean) => string> = {
  upload: (isLocal) =>
    isLocal
      ? "a bot may send"
      : "a bot may send; a Bot API server of your own, run with --local, takes 2000 MB (--api-url and --local here)",
  photo: () => "a photo may have; send it as a document",
  download: () =>
    "a bot may fetch; a Bot API server of your own, run with --local, has no limit (--api-url and --local here)",
};

/** @param size Infinity where only "too large" is known */
function sizeText(size: number): string {
  return Number.isFinite(size) ? `a file of ${size} bytes` : "it";
}
