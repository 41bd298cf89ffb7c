/**
 * Writes docs/grafana-dashboard.json, a dashboard to import into Grafana.
 *
 *   node scripts/generate-dashboard.ts            writes the file
 *   node scripts/generate-dashboard.ts --check    fails if the file is out of date
 */

import { legendOf, PANELS, type Panel, promQlOf } from "./dashboard-panels.ts";
import { writeOrCheck } from "./generated-file.ts";

/** Grafana's grid is 24 columns wide. */
const [COLUMNS, WIDTH, HEIGHT] = [4, 6, 7];
const DATASOURCE = { type: "prometheus", uid: "$datasource" };

function panel({ title, unit, queries }: Panel, i: number) {
  return {
    id: i + 1,
    type: "timeseries",
    title,
    datasource: DATASOURCE,
    gridPos: { x: (i % COLUMNS) * WIDTH, y: Math.floor(i / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: 8, showPoints: "never" } },
      overrides: [],
    },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: queries.map((query, n) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + n),
      datasource: DATASOURCE,
      expr: promQlOf(query),
      legendFormat: legendOf(query),
    })),
  };
}

function variable(name: string, query: string) {
  const values = { includeAll: true, multi: true, allValue: ".*", current: { text: "All", value: "$__all" } };
  return { name, type: "query", datasource: DATASOURCE, query, refresh: 2, sort: 1, ...values };
}

const dashboard = {
  title: "asgigram",
  uid: "asgigram",
  description: "Telegram bots served by asgigram: --listen and docs/metrics.md",
  tags: ["asgigram"],
  schemaVersion: 39,
  editable: true,
  refresh: "30s",
  time: { from: "now-1h", to: "now" },
  templating: {
    list: [
      { name: "datasource", type: "datasource", query: "prometheus" },
      variable("job", "label_values(asgigram_workers, job)"),
      variable("instance", 'label_values(asgigram_workers{job=~"$job"}, instance)'),
    ],
  },
  panels: PANELS.map(panel),
};

writeOrCheck("docs/grafana-dashboard.json", `${JSON.stringify(dashboard, null, 2)}\n`, `${PANELS.length} panels`);
