/** README.md is true: its bot runs, and its figures are those of the pages that it names. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";

const README = read("README.md");
const PERFORMANCE = read("docs/performance.md");

/** The column of docs/performance.md that the README quotes of each scenario. */
const QUOTED: Record<string, string> = {
  mix: "light p99 ms",
  heavy: "updates/s",
  echo: "updates/s",
  start: "MB at start",
};

test("the bot of README.md asks for a name and counts messages", async () => {
  using folder = new Folder();
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", /```ts\n([\s\S]*?)```/.exec(README)![1]!);
  const { code, stdout, stderr } = await run(["simulate", "bot.ts", "--no-inbox", "--workers", "1"], {
    cwd: folder.path,
    stdin: "hi\nAnn\nyes\n",
  });
  assert.match(stdout, /What is your name\?.*Message 1, Ann\..*Message 2, Ann\./s);
  assert.equal(code, 0, stderr);
});

test("every figure in the table of README.md is that of docs/performance.md, rounded", () => {
  const [[, ...servers], ...rows] = tableAfter(README, "aiogram was not measured");
  const quoted = rows.map(([what]) => /\(`(\w+)`\)$/.exec(what!)![1]!);
  assert.deepEqual(quoted, Object.keys(QUOTED));
  for (const [i, [, ...figures]] of rows.entries()) {
    const scenario = quoted[i]!;
    const [columns, ...measured] = tableAfter(PERFORMANCE, `### ${scenario}$`);
    for (const [j, server] of servers.entries()) {
      const row = measured.find(([name]) => name === server.toLowerCase().replaceAll(" ", "-"))!;
      const median = numberOf(row[columns.indexOf(QUOTED[scenario]!)]!);
      assert.equal(numberOf(figures[j]!), Math.round(median), `${scenario}, ${server}`);
    }
  }
});

test("every figure in the first table of README.md is that of docs/existing-bots.md", () => {
  const [, ...rows] = tableAfter(README, "One bot of grammY");
  const [columns, ...measured] = tableAfter(read("docs/existing-bots.md"), "## One bot in three ways");
  const figures = (start: string) => rows.find(([what]) => what!.startsWith(start))!.slice(1);
  const pairs = (first: string, second: string) => measured.map((row) => `${row[at(first)]} / ${row[at(second)]}`);
  const times = (name: string) => measured.map((row) => `${row[at(name)]} ms`);
  const at = (name: string) => columns.indexOf(name);
  assert.deepEqual(figures("Three `kill -9`"), pairs("kill -9: lost", "kill -9: twice"));
  assert.deepEqual(figures("A message that crashes"), pairs("crash: lost", "crash: restarts"));
  assert.deepEqual(figures("Answer to `/ping`"), times("/ping p50 / p99"));
  assert.deepEqual(figures("A photo by `sharp`"), times("photo p50 / p99"));
});

type Table = [head: string[], ...rows: string[][]];

/** Cells of the first table behind the text, without the line of dashes. */
function tableAfter(markdown: string, text: string): Table {
  const { 0: found, index } = new RegExp(text, "m").exec(markdown)!;
  const behind = markdown.slice(index + found.length);
  const lines = /^\|.*\n(?:\|.*\n)+/m.exec(behind)![0].trim().split("\n");
  const [head, , ...rows] = lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  return [head!, ...rows];
}

/** The number with which a cell begins: 5427.5 of "5,427.5 (5,340.5–6,064.9)". */
function numberOf(cell: string): number {
  return Number.parseFloat(cell.replaceAll(",", ""));
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, "../..", path), "utf8");
}
