import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { METRICS, metricAt } from "../../src/observe/metric-table.ts";

interface Dashboard {
  panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
}

const text = readFileSync(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8");
const { panels } = JSON.parse(text) as Dashboard;
const isMetric = (name: string): name is keyof typeof METRICS => Object.hasOwn(METRICS, name);

test("the dashboard queries existing metrics, by their labels", () => {
  assert.ok(panels.length > 0);
  for (const { title, targets } of panels) {
    for (const { expr, legendFormat } of targets) {
      const [series] = /\b(asgigram|process)_\w+/.exec(expr) ?? assert.fail(`${title}: ${expr}`);
      const name = series.replace(/_(bucket|sum|count)$/, "");
      assert.ok(isMetric(name), `${title}: ${series}`);
      const { type, labels = {} } = metricAt(name);
      assert.equal(expr.includes("rate("), type !== "gauge", `${title}: ${expr}`);
      assert.equal(series !== name, type === "histogram", `${title}: ${series}`);
      const [, by] = /by \((\w+)\)/.exec(expr) ?? [];
      if (by !== undefined && by !== "le") assert.ok(Object.hasOwn(labels, by), `${title}: ${by}`);
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) assert.equal(label, by);
    }
  }
});

test("every metric name in the dashboard exists", () => {
  for (const [name] of text.matchAll(/\basgigram_\w+/g)) {
    assert.ok(isMetric(name.replace(/_(bucket|sum|count)$/, "")), name);
  }
});

test("the dashboard shows the shards, the poller, the moves, the refused beginnings and the leases of a shared inbox", () => {
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join("\n");
  for (const name of ["shards", "polls", "moves_total", "refused_total", "lease_age_seconds"]) {
    assert.match(shown, new RegExp(`\\basgigram_inbox_${name}\\b`));
  }
});
