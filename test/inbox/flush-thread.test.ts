import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { FlushThread } from "../../src/inbox/flush-thread.ts";
import { Folder } from "../folder.ts";
import { updates } from "./contract.ts";
import { makeOldInbox } from "./old-inbox.ts";

/** A thread for a database whose write-ahead log is there, unless the test takes it away. */
function open(t: TestContext) {
  const folder = new Folder();
  const log = folder.write("inbox.sqlite-wal", "frames");
  const thread = new FlushThread(folder.join("inbox.sqlite"));
  t.after(() => thread.close().finally(() => folder[Symbol.dispose]()));
  return { thread, log };
}

/** Watches the requests to the thread. */
const watchRequests = (t: TestContext) => t.mock.method(Atomics, "notify").mock;

describe("a flush", () => {
  test("each flush is one request, and calls that come while one runs share the next", async (t) => {
    const { thread } = open(t);
    const requests = watchRequests(t);
    await thread.flush();
    assert.equal(requests.callCount(), 1);
    const running = thread.flush();
    await Promise.resolve();
    await Promise.all([running, thread.flush(), thread.flush(), thread.flush()]);
    assert.equal(requests.callCount(), 3);
  });

  test("a flush that fails is the last: what the disk has is unknown then", async (t) => {
    const { thread, log } = open(t);
    rmSync(log);
    const requests = watchRequests(t);
    const [one, two] = [thread.flush(), thread.flush()];
    await assert.rejects(one, { code: "ENOENT", message: /^ENOENT: no such file or directory, open '.*-wal'$/ });
    await assert.rejects(two, { code: "ENOENT" });
    await assert.rejects(thread.flush(), { code: "ENOENT" });
    assert.equal(requests.callCount(), 1);
  });

  test("it reports the error of the disk", async (t) => {
    if (process.platform !== "linux") return t.skip("other systems may flush a device of this kind");
    const { thread, log } = open(t);
    rmSync(log);
    symlinkSync("/dev/null", log);
    await assert.rejects(thread.flush(), { code: "EINVAL", message: "EINVAL: invalid argument, fdatasync" });
  });

  test("it fails if the thread has ended", async (t) => {
    const { thread } = open(t);
    await thread.flush();
    await thread.close();
    await assert.rejects(thread.flush(), /the thread that flushes it has ended/);
  });

  test("it is over when close() resolves", async (t) => {
    const { thread } = open(t);
    const order: string[] = [];
    const flushed = thread.flush().then(() => order.push("flushed"));
    await thread.close().then(() => order.push("closed"));
    await flushed;
    assert.deepEqual(order, ["flushed", "closed"]);
  });

  test("a thread that was not started has nothing to close", async (t) => {
    const { thread } = open(t);
    await thread.close();
  });
});

test("under --permission, which refuses fdatasync, a second connection of SQLite flushes, all else works, and the process ends by itself", () => {
  using folder = new Folder();
  const path = folder.join("inbox.sqlite");
  makeOldInbox(path, 1, updates(10)[0]!.body);
  const permissions = ["--permission", "--allow-worker", "--allow-fs-read=*", `--allow-fs-write=${folder.path}`];
  const fixture = join(import.meta.dirname, "fixtures/without-permission.ts");
  const { stdout, stderr } = spawnSync(process.execPath, [...permissions, "--no-warnings", fixture, path], {
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  const { isPrivate, ...outcome } = JSON.parse(stdout);
  assert.ok(isPrivate || process.platform === "win32");
  assert.deepEqual(outcome, {
    ...{ left: 1, read: 1, appended: [2, 1], flushes: 2, errors: [] },
    ...{ forgotten: { events: 4, letters: 0, values: 0 }, fdatasync: "ERR_ACCESS_DENIED" },
  });
});
