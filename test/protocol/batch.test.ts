import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { Batch } from "../../src/protocol/batch.ts";

function channel() {
  const { port1, port2 } = new MessageChannel();
  const received: unknown[] = [];
  port2.on("message", (items) => received.push(items));
  return {
    batch: new Batch<string>(port1),
    received,
    /** Resolves when every posted message has arrived. */
    async end() {
      port1.close();
      await once(port2, "close");
    },
  };
}

test("items of one turn of the event loop arrive as one message, in order", async () => {
  const { batch, received, end } = channel();
  batch.push("a");
  queueMicrotask(() => batch.push("b"));
  await Promise.resolve();
  batch.push("c");
  await turn();
  await end();
  assert.deepEqual(received, [["a", "b", "c"]]);
});

test("items of the next turn are the next message", async () => {
  const { batch, received, end } = channel();
  batch.push("a");
  await turn();
  batch.push("b");
  await turn();
  await end();
  assert.deepEqual(received, [["a"], ["b"]]);
});

test("flush() posts at once, and no item twice", async () => {
  const { batch, received, end } = channel();
  batch.push("a");
  batch.flush();
  batch.flush();
  await turn();
  batch.push("b");
  batch.flush();
  await end();
  assert.deepEqual(received, [["a"], ["b"]]);
});

test("the schedule is called with the first item of each batch, and items wait for its flush", async () => {
  const { port1, port2 } = new MessageChannel();
  const scheduled: (() => void)[] = [];
  const posted: string[][] = [];
  const batch = new Batch<string>(port1, (flush) => scheduled.push(flush));
  port1.postMessage = (items) => posted.push(items);
  batch.push("a");
  batch.push("b");
  await turn();
  assert.equal(scheduled.length, 1);
  assert.deepEqual(posted, []);
  scheduled[0]!();
  assert.deepEqual(posted, [["a", "b"]]);
  batch.push("c");
  assert.equal(scheduled.length, 2);
  batch.flush();
  assert.deepEqual(posted, [["a", "b"], ["c"]]);
  scheduled[1]!();
  assert.equal(posted.length, 2);
  batch.push("d");
  assert.equal(scheduled.length, 3, "a flush by another hand ends the batch, too");
  port2.close();
});

test("objects to transfer change hands when the message of their item is posted, not before or after", async () => {
  const { port1, port2 } = new MessageChannel();
  const batch = new Batch<{ bytes: Uint8Array }>(port1);
  const items = [{ bytes: new Uint8Array([1]) }, { bytes: new Uint8Array([2]) }];
  for (const item of items) batch.push(item, [item.bytes.buffer]);
  assert.equal(items[0]!.bytes.length, 1);
  batch.flush();
  assert.deepEqual(
    items.map(({ bytes }) => bytes.length),
    [0, 0],
  );
  const [received] = (await once(port2, "message")) as [typeof items];
  assert.deepEqual(received, [{ bytes: new Uint8Array([1]) }, { bytes: new Uint8Array([2]) }]);
  batch.push(received[0]!);
  batch.flush();
  assert.equal(received[0]!.bytes.length, 1);
  port1.close();
});

test("the last item can be read and extended until it is posted", async () => {
  const { port1, port2 } = new MessageChannel();
  const batch = new Batch<number[]>(port1);
  assert.equal(batch.last, undefined);
  batch.push([1]);
  batch.last!.push(2);
  batch.flush();
  assert.equal(batch.last, undefined);
  const [items] = (await once(port2, "message")) as [number[][]];
  assert.deepEqual(items, [[1, 2]]);
  port1.close();
});
