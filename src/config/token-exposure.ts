/** Checks if other users can read or change a token's file. */

import { access, constants, stat } from "node:fs/promises";

/** Others may read or write, or the group may write. The group may read: some groups exist for that. */
const TOO_OPEN = 0o026;

/**
 * True for a file that belongs to this user, as ssh checks its keys, and whose mode can be changed. Secrets that Docker and
 * Kubernetes mount are readable by every user in the container, read-only, and often belong to another user.
 */
export async function isExposed(path: string): Promise<boolean> {
  const { mode, uid } = await stat(path);
  return (mode & TOO_OPEN) !== 0 && uid === process.geteuid?.() && !(await isReadOnly(path));
}

/** True if the file is on a read-only file system. */
async function isReadOnly(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}
