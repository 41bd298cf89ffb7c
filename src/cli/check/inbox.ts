/** Whether the inbox can be kept where it shall be, or is kept there already, by this bot. Writes nothing to it. */

import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DeadLetters } from "../../inbox/dead-letters.ts";
import { guarded, isInboxInUse, notOf } from "../../inbox/sqlite-file.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/**
 * @param path undefined where only the token would tell
 * @param bot the bot's id, if it is known
 */
export function checkInbox(path: string | false | undefined, bot: number | undefined): Finding[] {
  if (path === undefined) return [];
  if (path === false) {
    return [warning("inbox", "there is none: updates that are not handled when the process dies are lost")];
  }
  try {
    if (!existsSync(path)) return [checkFolder(path)];
    guarded("written", path, () => accessSync(path, constants.W_OK));
    return [...checkUse(path), checkFile(path, bot)];
  } catch (error) {
    return [problem("inbox", error as Error)];
  }
}

function checkFolder(path: string): Finding {
  const folder = dirname(path);
  guarded("made", path, () => rmdirSync(mkdtempSync(join(folder, ".asgigram-check-"))));
  return ok("inbox", `${path} will be made`);
}

/** No problem in itself: who checks a new version of a bot does so while the old one serves. */
function checkUse(path: string): Finding[] {
  const remedy = "no second server can use it, and no second one can poll for the bot";
  return isInboxInUse(path) ? [warning("inbox", `${path} is in use by another process: ${remedy}`)] : [];
}

function checkFile(path: string, bot: number | undefined): Finding {
  const letters = new DeadLetters(path);
  try {
    const [owner, dead] = [letters.bot(), letters.list().length];
    if (bot !== undefined && owner !== bot) throw notOf(bot, path, owner);
    if (dead === 0) return ok("inbox", path);
    const count = dead === 1 ? "1 dead letter" : `${dead} dead letters`;
    return ok("inbox", `${path}, with ${count}: asgigram inbox list shows what went wrong`);
  } finally {
    letters.close();
  }
}
