/** Whether a token's file is open to others than the user who runs asgigram. */

import { access, constants, stat } from "node:fs/promises";

/** Others may read it, or they or the group may change it. Some groups are there in order to read such files. */
const TOO_OPEN = 0o026;

/**
 * Only of a file that is this user's own, as ssh does with its keys, and that could be closed: what Docker and Kubernetes
 * mount as a secret is readable by everybody in the container, read-only, and often somebody else's.
 */
export async function isExposed(path: string): Promise<boolean> {
  const { mode, uid } = await stat(path);
  return (mode & TOO_OPEN) !== 0 && uid === process.geteuid?.() && !(await isReadOnly(path));
}

/** Whether nothing can be changed on the file system where it is. */
async function isReadOnly(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}
