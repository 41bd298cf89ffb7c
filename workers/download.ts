/** Checks `telegram.download_file`, the one outgoing event that is no method of the Bot API. */

import { InvalidEventError } from "../src/protocol/errors.ts";
import type { DownloadForm } from "../src/protocol/events.ts";
import { kindOfValue } from "./kind-of-value.ts";

const FORMS: readonly DownloadForm[] = ["bytes", "stream", "path"];

/** @throws InvalidEventError */
export function refuseUnlessDownload({ file_id, file_path, as, to }: Record<string, unknown>): void {
  refuseUnlessText(file_id, "file_id");
  refuseUnlessText(file_path, "file_path");
  refuseUnlessText(to, "to");
  if ((file_id === undefined) === (file_path === undefined)) {
    throw new InvalidEventError('telegram.download_file needs "file_id", or "file_path" in its place', "file_id");
  }
  // The path becomes a part of a URL that has the token in it.
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(String(file_path))) {
    throw new InvalidEventError(
      `"file_path" is ${kindOfValue(file_path)}, but getFile returns no such path`,
      "file_path",
    );
  }
  if (as !== undefined && !FORMS.includes(as as DownloadForm)) {
    throw new InvalidEventError(`"as" is ${kindOfValue(as)}; it must be "bytes", "stream" or "path"`, "as");
  }
  if (to !== undefined && as !== "path") throw new InvalidEventError('"to" goes with as: "path" only', "to");
}

function refuseUnlessText(value: unknown, key: string): void {
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  throw new InvalidEventError(`"${key}" is ${kindOfValue(value)}, not text`, key);
}
