import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { applicationLogger, createLogger, type LoggerOptions, turnLevel } from "../../src/observe/logger.ts";
import { secretHider } from "../../src/protocol/secrets.ts";

const SAY = resolve(import.meta.dirname, "fixtures/say.ts");

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

interface Line {
  level: string;
  time: string;
  msg: string;
  [field: string]: unknown;
}

/** The log of a process that logs a message at every level and is then killed. */
function logOf(level: string, format: "auto" | "json" | "pretty", env: NodeJS.ProcessEnv = {}): string {
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { stdout, stderr, signal } = spawnSync(process.execPath, [SAY, level, format, TOKEN], options);
  assert.equal(signal, "SIGKILL", stderr);
  assert.equal(stdout, "", "standard output is not the log's");
  return stderr;
}

function lines(level: string, format: "auto" | "json" = "json"): Line[] {
  return logOf(level, format)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

const messages = (level: string) => lines(level).map(({ msg }) => msg);

const APPLICATION = ["application: printed\nin two lines", "application: complained", "application: told <token>"];

/** A log whose lines are kept in memory. */
function recorded(level: LoggerOptions["level"], secrets = {}) {
  const lines: string[] = [];
  const log = createLogger({ level, format: "json", hide: secretHider(secrets), write: (line) => lines.push(line) });
  return { log, lines: () => lines.splice(0).map((line) => JSON.parse(line) as Line) };
}

describe("the log", () => {
  test("the log is lines of JSON with time, level, message and fields, complete when the process is killed", () => {
    const [line] = lines("info") as [Line];
    const { time, ...rest } = line;
    assert.deepEqual(rest, { level: "info", worker: 1, msg: "server: info" });
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  });

  test("the format `auto` is JSON if standard error is no terminal", () => {
    assert.equal(lines("error", "auto")[0]!.msg, "server: error");
  });

  test("a message below the level is left out", () => {
    const all = ["debug", "info", "warn", "error", "fatal"];
    for (const [i, level] of all.entries()) {
      const shown = messages(level).filter((message) => message.startsWith("server"));
      assert.deepEqual(
        shown,
        all.slice(i).map((level) => `server: ${level}`),
      );
    }
  });

  test("the level `silent` writes nothing", () => {
    assert.equal(logOf("silent", "json"), "");
    assert.equal(logOf("silent", "pretty"), "");
  });

  test("the format `pretty` has no colours in a file", () => {
    const text = logOf("info", "pretty");
    assert.equal(text, stripVTControlCharacters(text));
    assert.match(text, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: server: info.*"worker":1/m);
    assert.match(text, /WARN: server: warn/);
    assert.match(text, /INFO: application: printed\n.*in two lines/);
  });

  test("a stack is printed line by line and without control characters by `pretty`, and in one line by `json`", () => {
    const error = "Error: no \u001b[2Jluck\n    at bot.ts:3:11\n  [cause]: Error: none";
    const lineOf = (format: "json" | "pretty") => {
      const lines: string[] = [];
      const log = createLogger({ level: "info", format, hide: (text) => text, write: (line) => lines.push(line) });
      log.error({ worker: 1, error }, "it threw");
      return lines.join("");
    };
    const [first, ...rest] = lineOf("pretty").split("\n");
    assert.match(first!, /ERROR: it threw \{"worker":1\}$/);
    assert.equal(
      rest.map((line) => line.slice(4)).join("\n"),
      "error: Error: no [2Jluck\n    at bot.ts:3:11\n  [cause]: Error: none\n",
    );
    assert.equal(lineOf("json").split("\n").length, 2);
  });
});

describe("a secret", () => {
  for (const format of ["json", "pretty"] as const) {
    test(`a secret is in no line, of the server or the application (${format})`, () => {
      const text = logOf("debug", format);
      assert.match(text, /POST \/bot<token>\/getMe/);
      assert.match(text, /application: told <token>/);
      assert.doesNotMatch(text, /AAE-/);
    });
  }
});

describe("turnLevel()", () => {
  const TURNS = {
    info: ["debug", "trace", "info", "debug"],
    warn: ["debug", "trace", "warn", "debug"],
    silent: ["debug", "trace", "silent", "debug"],
    debug: ["trace", "debug", "trace"],
    trace: ["debug", "trace", "debug"],
  } as const;

  for (const [configured, turns] of Object.entries(TURNS)) {
    test(`the level goes from ${configured} to ${turns.join(", ")}, and each change is logged`, () => {
      const { log, lines } = recorded(configured as keyof typeof TURNS);
      let before = configured;
      for (const level of turns) {
        turnLevel(log, configured as keyof typeof TURNS);
        assert.equal(log.level, level);
        const logged = lines().map(({ level, msg }) => ({ level, msg }));
        assert.deepEqual(logged, [{ level: "info", msg: `the log level is now ${level}, it was ${before}` }]);
        before = level;
      }
    });
  }

  test("applications' output is logged while the level is not silent", () => {
    const { log, lines } = recorded("silent");
    const application = applicationLogger(log);
    for (const shown of [0, 1, 1, 0, 1]) {
      application.info("printed");
      assert.equal(lines().filter(({ msg }) => msg === "printed").length, shown, log.level);
      turnLevel(log, "silent");
    }
  });
});

describe("applications' output", () => {
  for (const level of ["debug", "info", "warn", "error", "fatal"]) {
    test(`applications' output is logged at level ${level}`, () => {
      assert.deepEqual(
        messages(level).filter((message) => message.startsWith("application")),
        APPLICATION,
      );
    });
  }

  test("applications' output is not logged at level silent", () => {
    assert.equal(logOf("silent", "json"), "");
  });

  test("applications' output has its worker and its scope", () => {
    const [printed, complained] = lines("warn").filter(({ msg }) => msg.startsWith("application")) as [Line, Line];
    assert.deepEqual([printed.level, printed.worker, printed.scope], ["info", 1, "chat:7"]);
    assert.deepEqual([complained.level, complained.worker, "scope" in complained], ["warn", 1, false]);
  });
});
