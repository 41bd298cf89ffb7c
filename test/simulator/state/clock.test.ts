import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../../simulator/state/clock.ts";

test("the clock is set forward, and goes on with its base", () => {
  let base = 1000;
  const clock = new Clock(() => base);
  clock.advance(500);
  assert.equal(clock.now(), 1500);
  base += 10;
  assert.equal(clock.now(), 1510);
});

test("what is due on the way runs in order, each at its time, also what is scheduled meanwhile", () => {
  const clock = new Clock(() => 0);
  const ran: [string, number][] = [];
  const run = (name: string) => () => void ran.push([name, clock.now()]);
  clock.schedule(300, run("second"));
  clock.schedule(100, () => {
    run("first")();
    clock.schedule(250, run("third"));
    clock.schedule(9999, run("too late"));
  });
  const cancel = clock.schedule(200, run("cancelled"));
  cancel();
  clock.advance(400);
  assert.deepEqual(ran, [
    ["first", 100],
    ["second", 300],
    ["third", 350],
  ]);
  assert.equal(clock.now(), 400);
  clock.stop();
});

test("time that passes rings, too", async () => {
  const clock = new Clock();
  await new Promise<void>((resolve) => clock.schedule(1, resolve));
});

test("an appointment after more days than a timer can wait keeps its date", () => {
  const clock = new Clock(() => 0);
  const days = (count: number) => count * 86_400_000;
  let rang = 0;
  clock.schedule(days(100), () => rang++);
  clock.advance(days(99));
  assert.equal(rang, 0);
  clock.advance(days(1));
  assert.equal(rang, 1);
});
