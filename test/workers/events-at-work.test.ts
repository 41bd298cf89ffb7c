import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvent } from "../../workers/event.ts";
import { EventsAtWork } from "../../workers/events-at-work.ts";

const delivered = (seq: number) => {
  const update = { update_id: 100 + seq, message: { chat: { id: seq }, text: "hello" } };
  return readEvent({ seq, attempt: 1, body: JSON.stringify(update) }, { id: 99 }, "chat");
};

const place = (seq: number) => ({ scope: `chat:${seq}`, update_id: 100 + seq, kind: "message" });

test("a look has the events that are open and those that were over since the last one", () => {
  const events = new EventsAtWork();
  const [a, b] = [delivered(1), delivered(2)];
  assert.deepEqual(events.look(), { count: 0, only: undefined });
  events.begin(a);
  assert.deepEqual(events.look(), { count: 1, only: place(1) });
  events.begin(b);
  assert.deepEqual(events.look(), { count: 2, only: undefined });
  events.end(a);
  events.end(a);
  assert.deepEqual(events.look(), { count: 2, only: undefined }, "one of them was over in between");
  assert.deepEqual(events.look(), { count: 1, only: place(2) });
  assert.deepEqual([events.placeOf(1), events.placeOf(2)], [undefined, place(2)]);
  events.end(b);
  assert.deepEqual(events.look(), { count: 1, only: place(2) });
  assert.deepEqual(events.look(), { count: 0, only: undefined });
});

test("the delivery of an open update is found by its number", () => {
  const events = new EventsAtWork();
  const [a, b] = [delivered(1), delivered(2)];
  for (const event of [a, b]) events.begin(event);
  events.end(a);
  assert.deepEqual(
    [a, b].map(({ delivery: { update_id } }) => events.deliveryOf({ update_id })),
    [undefined, b.delivery],
  );
});
