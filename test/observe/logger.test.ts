import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import type { LogFields } from "../../src/observe/log-fields.ts";
import { applicationLogger, createLogger, type LoggerOptions, turnLevel } from "../../src/observe/logger.ts";
import { secretHider } from "../../src/protocol/secrets.ts";
import { anyText } from "../any-text.ts";

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

/** The text of one error, with these fields. */
function written(format: "json" | "pretty", fields: LogFields, msg: string): string {
  const lines: string[] = [];
  const log = createLogger({ level: "info", format, hide: (text) => text, write: (line) => lines.push(line) });
  log.error(fields, msg);
  return lines.join("");
}

const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** Harmful and harmless text. */
const TEXT = fc
  .array(
    fc.oneof(
      anyText(),
      fc.constantFrom(
        "\n[12:30:00.123] FATAL: forged",
        '\n{"level":"fatal","msg":"forged"}',
        '\n"stack": "\\u001b[2J\\nforged"',
        "\r\n",
        "\r",
        "\u0085",
        "\u001b[31m",
        "\u009b2J",
        "\u202e",
        "\u2028",
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

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

  test("a stack is printed line by line by `pretty`, and in one line by `json`; control characters are visible", () => {
    const error = "Error: no \u001b[2Jluck\n    at bot.ts:3:11\n  [cause]: Error: none";
    const [first, ...rest] = written("pretty", { worker: 1, error }, "it threw").split("\n");
    assert.match(first!, /ERROR: it threw \{"worker":1\}$/);
    assert.equal(
      rest.map((line) => line.slice(4)).join("\n"),
      "error: Error: no \\u001b[2Jluck\n    at bot.ts:3:11\n  [cause]: Error: none\n",
    );
    assert.equal(written("json", { worker: 1, error }, "it threw").split("\n").length, 2);
  });
});

describe("text from outside", () => {
  test("no text forges a line, moves the cursor or turns the direction of a pretty log", () => {
    fc.assert(
      fc.property(fc.array(TEXT), TEXT, TEXT, TEXT, (memory, msg, error, scope) => {
        const text = written("pretty", { scope, error, memory }, msg);
        assert.ok(text.endsWith("\n"));
        const [first, ...rest] = text.slice(0, -1).split("\n");
        assert.match(first!, /^\[\d\d:\d\d:\d\d\.\d{3}\] ERROR: /);
        for (const line of rest) assert.ok(line.startsWith("    "), line);
        assert.doesNotMatch(text.replaceAll(/[\n\t]/g, ""), UNPRINTABLE);
      }),
    );
  });

  test("no text breaks a line of JSON, which keeps it as it was", () => {
    fc.assert(
      fc.property(TEXT, TEXT, TEXT, (msg, error, scope) => {
        const line = written("json", { scope, error }, msg);
        const { level, time: _, ...said } = JSON.parse(line);
        assert.deepEqual([level, said], ["error", { scope, error, msg }]);
        assert.doesNotMatch(line.slice(0, -1), UNPRINTABLE);
      }),
    );
  });

  test("a line break of Windows is one line break", () => {
    assert.match(written("pretty", {}, "one\r\ntwo\rthree"), / one\n {4}two\\u000dthree\s*$/);
  });

  test("an error that holds a line of broken JSON is printed as it is", () => {
    const error = 'Error: no luck\n  "stack": "\\q\\u001b"';
    assert.ok(written("pretty", { error }, "it threw").endsWith('no luck\n      "stack": "\\q\\u001b"\n'));
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
