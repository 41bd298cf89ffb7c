import assert from "node:assert/strict";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { Threads } from "../../src/threads/threads.ts";
import { Worker, type WorkerOptions } from "../../src/threads/worker.ts";
import { hostTask } from "../host-task.ts";

function start(t: TestContext, application: string, options: Partial<WorkerOptions> = {}) {
  const threads = new Threads(1, undefined);
  t.after(() => threads.destroy());
  const course: string[] = [];
  const worker: Worker = new Worker({
    number: 0,
    deaths: 0,
    threads,
    task: hostTask({ application, directory: resolve(import.meta.dirname, "fixtures"), lifespan: "auto" }),
    onReady: () => course.push(`ready: ${worker.state}`),
    onMessage: () => {},
    onDrained: (unseen) => course.push(`drained: ${worker.state}, ${unseen}`),
    onEnded: () => course.push(`ended: ${worker.state}`),
    onOver: ({ message }) => course.push(`over: ${worker.state}, ${message}`),
    ...options,
  });
  return { worker, course };
}

test("a life as it should be", async (t) => {
  const { worker, course } = start(t, "app.ts");
  assert.equal(worker.state, "starting");
  await worker.ready;
  worker.drain("reload");
  worker.drain("shutdown");
  assert.equal(worker.state, "draining");
  await worker.ended;
  worker.kill(new Error("it has ended"));
  await worker.over;
  assert.deepEqual(course, ["ready: running", "drained: drained, ", "ended: drained", "over: over, it has ended"]);
});

test("what is told to end before it is ready does so as soon as it is", async (t) => {
  const { worker, course } = start(t, "app.ts");
  worker.drain("shutdown");
  await worker.ended;
  assert.deepEqual(course, ["ready: draining", "drained: drained, ", "ended: drained"]);
  assert.ok(worker.hasStarted);
});

test("what cannot start is over, with the reason", async (t) => {
  const { worker, course } = start(t, "throws-when-imported.ts");
  await assert.rejects(worker.ready, { name: "ApplicationLoadError" });
  await worker.over;
  await worker.ended;
  assert.ok(!worker.hasStarted);
  assert.match(course.join(), /^over: over, .*no database/);
});

test("what does not finish in time is killed, and says so", async (t) => {
  const { worker, course } = start(t, "app.ts");
  await worker.ready;
  worker.dismiss();
  await worker.over;
  assert.ok(worker.isDismissed);
  assert.match(course.at(-1)!, /did not finish in time/);
});
