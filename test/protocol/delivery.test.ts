import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { attachDelivery, type Delivery, delivery } from "../../src/protocol/delivery.ts";
import { NoDeliveryError } from "../../src/protocol/errors.ts";
import { provide } from "../../src/protocol/services.ts";

const deliveryOf = (update_id: number, attempt: number) => ({ update_id, attempt }) as Delivery;

const attached = () => {
  const event = { type: "telegram.message", text: "Hello" };
  attachDelivery(event, deliveryOf(5, 2));
  return event;
};

test("an event that is an update has a delivery", () => {
  assert.deepEqual(delivery(attached()), { update_id: 5, attempt: 2 });
});

test("an event that is no update has no delivery", () => {
  assert.equal(delivery({ type: "telegram.disconnect", reason: "idle" }), undefined);
});

test("the delivery is no key of the event: it is not listed, copied, cloned, written as JSON or printed", () => {
  const event = attached();
  assert.deepEqual(Object.keys(event), ["type", "text"]);
  assert.equal(JSON.stringify(event), '{"type":"telegram.message","text":"Hello"}');
  assert.equal(inspect(event), "{ type: 'telegram.message', text: 'Hello' }");
  assert.equal(delivery({ ...event }), undefined);
  assert.equal(delivery(structuredClone(event)), undefined);
});

test("the application cannot replace the delivery", () => {
  const event = attached();
  assert.throws(() => attachDelivery(event, deliveryOf(6, 1)), TypeError);
});

test("another copy of the package finds the same delivery", async () => {
  const url = new URL("../../src/protocol/delivery.ts?copy", import.meta.url);
  const copy = (await import(url.href)) as { delivery: typeof delivery };
  assert.notEqual(copy.delivery, delivery);
  assert.deepEqual(copy.delivery(attached()), { update_id: 5, attempt: 2 });
});

test("without an argument it is the delivery of the running code's event, and outside an event an error", () => {
  assert.throws(() => delivery(), NoDeliveryError);
  const current = deliveryOf(7, 1);
  provide({
    jobs: {} as never,
    currentDelivery: () => current,
    deliveryOf: (update) => ((update as { update_id: number }).update_id === 7 ? current : undefined),
    currentJob: () => undefined,
  });
  assert.equal(delivery(), current);
  assert.equal(delivery({ update_id: 7, message: {} }), current);
  assert.equal(delivery({ update_id: 8 }), undefined);
});
