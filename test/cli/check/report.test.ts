import assert from "node:assert/strict";
import { test } from "node:test";
import { type Finding, ok, problem, warning } from "../../../src/cli/check/finding.ts";
import { jsonOf, reportOf } from "../../../src/cli/check/report.ts";
import { ApplicationLoadError } from "../../../src/protocol/errors.ts";

const FINDINGS: Finding[] = [
  ok("token", "it is that of @bot"),
  warning("configuration", "odd"),
  problem("application", new ApplicationLoadError("bot.ts threw", { cause: "Error: no\n    at bot.ts:1" })),
];

test("a finding is a line; its further lines are indented below", () => {
  const lines = [
    "ok       token          it is that of @bot",
    "warning  configuration  odd",
    "problem  application    bot.ts threw",
    "                        Error: no",
    "                            at bot.ts:1",
  ];
  assert.equal(
    reportOf(FINDINGS, (_, text) => text),
    lines.join("\n"),
  );
});

test("only the verdict of a finding has a colour", () => {
  const coloured = reportOf(FINDINGS, (style, text) => `<${style}>${text}</>`);
  assert.match(coloured, /^<green>ok {7}<\/>token .*\n<yellow>warning {2}<\/>conf.*\n<red>problem {2}<\/>application/);
});

test("the JSON is one line, with the overall verdict first", () => {
  assert.deepEqual(JSON.parse(jsonOf(FINDINGS)), {
    ok: false,
    findings: [
      { point: "token", is: "ok", text: "it is that of @bot" },
      { point: "configuration", is: "warning", text: "odd" },
      { point: "application", is: "problem", text: "bot.ts threw\nError: no\n    at bot.ts:1" },
    ],
  });
  assert.equal(JSON.parse(jsonOf(FINDINGS.slice(0, 2))).ok, true);
  assert.doesNotMatch(jsonOf(FINDINGS), /\n/);
});
