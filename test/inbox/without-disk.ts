import { mock } from "node:test";
import { FlushThread } from "../../src/inbox/flush-thread.ts";

/**
 * Inboxes flush nothing and start no thread, in this test or in this file: what counts is not whether data survives a power cut.
 * @param tracker `t.mock`, or `mock` for all tests of the file
 */
export function withoutDisk(tracker: Pick<typeof mock, "method"> = mock): void {
  tracker.method(FlushThread.prototype, "start", () => {});
  tracker.method(FlushThread.prototype, "flush", async () => {});
}
