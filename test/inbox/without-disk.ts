import { open } from "node:fs/promises";
import type { TestContext } from "node:test";

/** Flushes of files do nothing during this test: what counts is not whether data survives a power cut. */
export async function withoutDisk(t: TestContext): Promise<void> {
  const handle = await open(import.meta.filename);
  t.mock.method(Object.getPrototypeOf(handle), "datasync", async () => {});
  await handle.close();
}
