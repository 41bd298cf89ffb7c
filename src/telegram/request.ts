/** Carries out whatever an application has sent: a call of the Bot API as it is, one with files, or a download. */

import { DOWNLOAD } from "../protocol/method-names.ts";
import type { Answer, Call } from "../protocol/port.ts";
import type { BotApi } from "./bot-api.ts";
import { Downloads } from "./downloads.ts";
import { Uploads } from "./uploads.ts";

/**
 * @param local the Bot API server runs with --local, and shares this machine's files
 * @returns what throws a TelegramError, a NetworkError or a FileError where the call fails
 */
export function createRequest(api: BotApi, local: boolean): (call: Call) => Promise<Answer> {
  const uploads = new Uploads({ local, post: (method, form, signal) => api.post(method, form, signal) });
  const downloads = new Downloads({
    local,
    getFile: (file_id) => api.call("getFile", { file_id }),
    openFile: (file_path) => api.openFile(file_path),
  });
  return (call) => {
    const { method, body, files } = call;
    if (files !== undefined) return uploads.make({ ...call, files });
    return method === DOWNLOAD ? downloads.make(call) : api.callText(method, body);
  };
}
