/** Checks that the inbox can be created, or exists and belongs to this bot. Writes nothing to it. */

import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { SCHEMA_VERSION } from "../../inbox/schema.ts";
import { describeInboxFile, guarded, isInboxInUse, notOf } from "../../inbox/sqlite-file.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/**
 * @param path undefined if it depends on an unknown token
 * @param bot id of the bot, if it is known
 */
export function checkInbox(path: string | false | undefined, bot: number | undefined): Finding[] {
  if (path === undefined) return [];
  if (path === false) {
    return [warning("inbox", "off: updates that are not settled when the process dies are lost")];
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
  return ok("inbox", `${path} will be created`);
}

/** No problem: a new version of a bot is checked while the old version serves. */
function checkUse(path: string): Finding[] {
  const remedy = "a second server can neither use it nor poll for the bot";
  return isInboxInUse(path) ? [warning("inbox", `${path} is in use by another process: ${remedy}`)] : [];
}

function checkFile(path: string, bot: number | undefined): Finding {
  const { format, bot: owner, deadLetters } = describeInboxFile(path);
  if (bot !== undefined && owner !== bot) throw notOf(bot, path, owner);
  const notes = [
    format < SCHEMA_VERSION && `of format ${format}, which the start turns into format ${SCHEMA_VERSION}`,
    deadLetters > 0 && `with ${deadLetters} dead letter${deadLetters === 1 ? "" : "s"}: see asgigram inbox list`,
  ].filter(Boolean);
  return ok("inbox", [path, ...notes].join(", "));
}
