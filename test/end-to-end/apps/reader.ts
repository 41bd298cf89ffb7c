/** Reads a file when it is imported, before the server uses the disk. */

import { readFile } from "node:fs/promises";

await readFile(import.meta.filename);

export async function application(): Promise<void> {}
