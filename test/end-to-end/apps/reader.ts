/** Reads a file before the server itself has anything to do with the disk, and nothing else. */

import { readFile } from "node:fs/promises";

await readFile(import.meta.filename);

export async function application(): Promise<void> {}
