import assert from "node:assert/strict";
import { test } from "node:test";
import { Gates } from "../../workers/gates.ts";
import type { Delivered } from "../../workers/instance.ts";
import { isSettled } from "../settled.ts";

const turn = () => new Promise(setImmediate);
const eventOf = (key: string, seq: number) => ({ seq, route: { key } }) as unknown as Delivered;
const seqs = (events: readonly Delivered[]) => events.map(({ seq }) => seq);

function setUp() {
  const opened: number[][] = [];
  const gates = new Gates((waiting) => opened.push(seqs(waiting)));
  return { gates, opened };
}

test("events of a scope wait while its gate is shut, those of other scopes do not", async () => {
  const { gates, opened } = setUp();
  const told = Promise.withResolvers<void>();
  gates.shut("chat:1", told.promise);
  assert.equal(gates.hold(eventOf("chat:1", 1)), true);
  assert.equal(gates.hold(eventOf("chat:2", 2)), false);
  assert.equal(gates.size, 1);
  told.resolve();
  await turn();
  assert.deepEqual(opened, [[1]]);
  assert.equal(gates.size, 0);
  assert.equal(gates.hold(eventOf("chat:1", 3)), false);
});

test("a gate that is shut twice opens when both promises are over", async () => {
  const { gates, opened } = setUp();
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gates.shut("chat:1", one.promise);
  gates.hold(eventOf("chat:1", 1));
  gates.shut("chat:1", other.promise);
  one.resolve();
  await turn();
  assert.deepEqual(opened, []);
  other.resolve();
  await turn();
  assert.deepEqual(opened, [[1]]);
});

test("earlier events can be put before those that wait", async () => {
  const { gates, opened } = setUp();
  const told = Promise.withResolvers<void>();
  assert.equal(gates.holdFirst("chat:1", []), false);
  gates.shut("chat:1", told.promise);
  gates.hold(eventOf("chat:1", 3));
  assert.equal(gates.holdFirst("chat:1", [eventOf("chat:1", 1), eventOf("chat:1", 2)]), true);
  told.resolve();
  await turn();
  assert.deepEqual(opened, [[1, 2, 3]]);
});

test("events can be taken away: they come with the opening of their gates", async () => {
  const { gates, opened } = setUp();
  const told = Promise.withResolvers<void>();
  gates.shut("chat:1", told.promise);
  gates.shut("chat:2", new Promise(() => {}));
  gates.hold(eventOf("chat:1", 1));
  gates.hold(eventOf("chat:2", 2));
  const taken = gates.take((scope) => scope === "chat:1");
  await turn();
  assert.equal(await isSettled(taken), false);
  told.resolve();
  assert.deepEqual(seqs(await taken), [1]);
  assert.deepEqual(opened, [[]]);
});

test("an event that is dropped does not come when its gate opens", async () => {
  const { gates, opened } = setUp();
  const told = Promise.withResolvers<void>();
  gates.shut("chat:1", told.promise);
  const [one, other] = [eventOf("chat:1", 1), eventOf("chat:1", 2)];
  gates.hold(one);
  gates.hold(other);
  gates.drop(one);
  gates.drop(one);
  gates.drop(eventOf("chat:2", 3));
  told.resolve();
  await turn();
  assert.deepEqual(opened, [[2]]);
});
