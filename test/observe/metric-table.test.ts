import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS, type MetricName, metricAt } from "../../src/observe/metric-table.ts";

const ALL = (Object.keys(METRICS) as MetricName[]).map((name) => ({ name, ...metricAt(name) }));

test("metric names follow Prometheus: a prefix, base units, and _total for counters alone", () => {
  for (const { name, type } of ALL) {
    assert.match(name, /^(asgigram|process)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.doesNotMatch(name, /milliseconds|_ms\b|kilobytes|percent/);
    if (type === "histogram") assert.match(name, /_seconds$/);
  }
});

test("only histograms have buckets, in rising order, and each help text is one line", () => {
  for (const { name, type, buckets, help } of ALL) {
    assert.equal(buckets !== undefined, type === "histogram", name);
    assert.deepEqual(
      [...(buckets ?? [])].sort((a, b) => a - b),
      [...(buckets ?? [])],
      name,
    );
    assert.match(help, /^[A-Z][^\n]*[^.\n]$/, name);
  }
});
