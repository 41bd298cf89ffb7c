import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Meter } from "../../src/sends/meter.ts";

test("a meter counts the events of the second before a time, to within a twentieth of a second", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(700), { maxLength: 60, size: "max" }), fc.nat(900), (gaps, ago) => {
      const meter = new Meter();
      const times: number[] = [];
      let now = 5000;
      for (const gap of gaps) {
        now += gap;
        times.push(now);
        meter.count(now);
      }
      const end = now - ago;
      const within = (from: number, to: number) => times.filter((time) => time > from && time <= to).length;
      const counted = meter.secondBefore(end, now);
      assert.ok(counted >= within(end - 950, end), `${counted}`);
      assert.ok(counted <= within(end - 1050, end + 50), `${counted}`);
    }),
  );
});

test("events of long ago are forgotten", () => {
  const meter = new Meter();
  for (let i = 0; i < 10; i++) meter.count(1000);
  assert.equal(meter.secondBefore(1000, 1000), 10);
  assert.equal(meter.secondBefore(3100, 3100), 0);
  assert.equal(meter.secondBefore(1_000_000, 1_000_000), 0);
});

test("an early time counts nothing", () => {
  assert.equal(new Meter().secondBefore(0, 0), 0);
});
