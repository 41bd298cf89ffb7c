import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { Pulse } from "../../src/protocol/pulse.ts";
import { Threads } from "../../src/threads/threads.ts";
import { hostTask } from "../host-task.ts";

const application = join(import.meta.dirname, "../end-to-end/apps/echo.ts");
const task = { ...hostTask({ application, directory: import.meta.dirname }), worker: 0 };

/** Starts a host. `up` resolves when it is ready, `over` when its thread is gone. */
function run(threads: Threads) {
  const { port1, port2 } = new MessageChannel();
  const end = new AbortController();
  const pulse = new Pulse();
  const over = threads
    .run({ ...task, port: port2, pulse: pulse.buffer }, { signal: end.signal, onSpent: () => {} })
    .catch(() => port1.close());
  return { up: once(port1, "message"), over, end: () => end.abort(), port: port1, pulse };
}

test("there is always room for one more than run all the time, and for more if need be", async (t) => {
  const threads = new Threads(1, undefined);
  t.after(() => threads.destroy());
  await Promise.all([run(threads), run(threads), run(threads)].map(({ up }) => up));
});

test("a thread that has had a host is not used for another", async (t) => {
  const threads = new Threads(1, undefined);
  t.after(() => threads.destroy());
  for (let i = 0; i < 3; i++) {
    const host = run(threads);
    await host.up;
    host.port.postMessage([{ type: "drain", reason: "reload" }]);
    const [items] = await once(host.port, "message");
    assert.equal(items[0].type, "drained");
    host.end();
    await host.over;
  }
});

test("destroy() ends them all", async () => {
  const threads = new Threads(2, undefined);
  const hosts = [run(threads), run(threads)];
  await Promise.all(hosts.map(({ up }) => up));
  await threads.destroy();
  await Promise.all(hosts.map(({ over }) => over));
});
