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
    /** Resolves when all that has been posted has arrived. */
    async end() {
      port1.close();
      await once(port2, "close");
    },
  };
}

test("what is pushed during one turn of the event loop arrives as one message, in order", async () => {
  const { batch, received, end } = channel();
  batch.push("a");
  queueMicrotask(() => batch.push("b"));
  await Promise.resolve();
  batch.push("c");
  await turn();
  await end();
  assert.deepEqual(received, [["a", "b", "c"]]);
});

test("what is pushed in the next turn is the next message", async () => {
  const { batch, received, end } = channel();
  batch.push("a");
  await turn();
  batch.push("b");
  await turn();
  await end();
  assert.deepEqual(received, [["a"], ["b"]]);
});

test("a flush posts at once, and nothing twice", async () => {
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

test("what has to be done before a message is done right before it, once for each", async () => {
  const { port1, port2 } = new MessageChannel();
  const order: string[] = [];
  const batch = new Batch<string>(port1, () => order.push("before"));
  port1.postMessage = (items) => order.push(...items);
  batch.push("a");
  batch.push("b");
  assert.deepEqual(order, []);
  batch.flush();
  batch.flush();
  batch.push("c");
  await turn();
  assert.deepEqual(order, ["before", "a", "b", "before", "c"]);
  port2.close();
});

test("what is to be handed over is, with the message that its item is in, and only then", async () => {
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

test("the last item can be seen, and added to, until it is posted", async () => {
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
