import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";

const SAY = resolve(import.meta.dirname, "fixtures/say.ts");

interface Line {
  level: number;
  time: string;
  msg: string;
  [field: string]: unknown;
}

/** What a process has written that logs one message at every level and then is killed. */
function said(level: string, format: "auto" | "json" | "pretty", env: NodeJS.ProcessEnv = {}): string {
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { stdout, stderr, signal } = spawnSync(process.execPath, [SAY, level, format], options);
  assert.equal(signal, "SIGKILL", stderr);
  assert.equal(stdout, "", "standard output is not the log's");
  return stderr;
}

function lines(level: string, format: "auto" | "json" = "json"): Line[] {
  return said(level, format)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

const messages = (level: string) => lines(level).map(({ msg }) => msg);

const APPLICATION = ["application: printed\nin two lines", "application: complained"];

describe("the log", () => {
  test("is lines of JSON with a time, a level, a message and fields, none of which is lost when the process is killed", () => {
    const [line] = lines("info") as [Line];
    const { time, ...rest } = line;
    assert.deepEqual(rest, { level: 30, worker: 1, msg: "server: info" });
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  });

  test("is JSON, too, where nobody has said how it shall be, and nobody watches", () => {
    assert.equal(lines("error", "auto")[0]!.msg, "server: error");
  });

  test("leaves out what is below its level", () => {
    const all = ["debug", "info", "warn", "error", "fatal"];
    for (const [i, level] of all.entries()) {
      const shown = messages(level).filter((message) => message.startsWith("server"));
      assert.deepEqual(
        shown,
        all.slice(i).map((level) => `server: ${level}`),
      );
    }
  });

  test("says nothing at all when it is silent", () => {
    assert.equal(said("silent", "json"), "");
    assert.equal(said("silent", "pretty"), "");
  });

  test("is for people to read where that is wanted, without colours in a file", () => {
    const text = said("info", "pretty");
    assert.equal(text, stripVTControlCharacters(text));
    assert.match(text, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: server: info.*"worker":1/m);
    assert.match(text, /WARN: server: warn/);
    assert.match(text, /INFO: application: printed\n.*in two lines/);
  });
});

describe("what an application prints", () => {
  for (const level of ["debug", "info", "warn", "error", "fatal"]) {
    test(`is shown at level ${level}`, () => {
      assert.deepEqual(
        messages(level).filter((message) => message.startsWith("application")),
        APPLICATION,
      );
    });
  }

  test("is not shown where the log is silent", () => {
    assert.equal(said("silent", "json"), "");
  });

  test("says where it comes from", () => {
    const [printed, complained] = lines("warn").filter(({ msg }) => msg.startsWith("application")) as [Line, Line];
    assert.deepEqual([printed.level, printed.worker, printed.scope], [30, 1, "chat:7"]);
    assert.deepEqual([complained.level, complained.worker, "scope" in complained], [40, 1, false]);
  });
});
