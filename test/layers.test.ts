/** The house rules (CONTRIBUTING.md), checked on the house, and on made-up files that break them. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { Folder } from "./folder.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const find = (pattern: string) =>
  globSync(pattern, { cwd: ROOT })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();

const SOURCES = find("{src,workers,simulator}/**/*.ts");

/** Files of types only: they have no code to test. */
const TYPES = [
  "src/inbox/inbox.ts",
  "src/observe/status.ts",
  "src/offload/types.ts",
  "src/protocol/call-budget.ts",
  "src/protocol/events.ts",
  "src/protocol/inbox-share.ts",
  "src/protocol/job-facts.ts",
  "src/protocol/jobs.ts",
  "src/protocol/received-event.ts",
  "src/protocol/stored-value.ts",
  "src/protocol/update-source.ts",
  "src/protocol/verdict.ts",
  "src/protocol/worker-causes.ts",
  "simulator/inspector/bot-server.ts",
  "src/cli/simulated/messages.ts",
  "src/config/setting.ts",
  "workers/heavy/functions.ts",
  "workers/heavy/process-messages.ts",
];

/** Files, and folders with a `/` at their end, that are tested elsewhere. */
const TESTED_TOGETHER: Record<string, string> = {
  "src/dispatch/backlog.ts": "test/dispatch/dispatcher.test.ts",
  "src/dispatch/blame.ts": "test/dispatch/dispatcher.test.ts",
  "src/dispatch/line.ts": "test/dispatch/dispatcher.test.ts",
  "src/dispatch/worker-queue.ts": "test/dispatch/dispatcher.test.ts",
  "src/cli/check/finding.ts": "test/cli/check/report.test.ts",
  "src/assembly.ts": "test/server.test.ts",
  "src/open-inbox.ts": "test/server.test.ts",
  "src/cli/check/database.ts": "test/cli/database.test.ts",
  "src/cli/commands/nodes.ts": "test/cli/database.test.ts",
  "src/cli/inbox/node-table.ts": "test/cli/database.test.ts",
  "src/cli/inbox/open-letters.ts": "test/cli/database.test.ts",
  "src/cli/inbox/run-database-task.ts": "test/cli/database.test.ts",
  "src/cli/simulated/child.ts": "test/cli/simulated/server-process.test.ts",
  "src/cli/simulated/own-server.ts": "test/cli/commands/simulate.test.ts",
  "src/cli/context.ts": "test/cli/main.test.ts",
  "src/heavy/client.ts": "test/heavy/heavy.test.ts",
  "src/heavy/generation.ts": "test/heavy/heavy.test.ts",
  "src/heavy/job.ts": "test/heavy/module.test.ts",
  "src/heavy/thread.ts": "test/workers/heavy/host.test.ts",
  "src/inbox/flush-host.ts": "test/inbox/flush-thread.test.ts",
  "src/inbox/postgres/": "test/inbox/postgres/postgres-inbox.test.ts",
  "src/inbox/sqlite-statements.ts": "test/inbox/sqlite.test.ts",
  "src/index.ts": "test/server.test.ts",
  "src/observe/standard-error.ts": "test/end-to-end/stalled-log.test.ts",
  "src/protocol/longest-timer.ts": "test/workers/retries.test.ts",
  "src/protocol/version.ts": "test/cli/main.test.ts",
  "src/protocol/asgi.ts": "test/types/application.types.ts",
  "src/protocol/environment.ts": "test/workers/heavy/host.test.ts",
  "src/protocol/recorded-call.ts": "test/sends/journal.test.ts",
  "src/protocol/open-job.ts": "test/protocol/jobs-client.test.ts",
  "src/protocol/services.ts": "test/offload/offload.test.ts",
  "src/storage/local-values.ts": "test/storage/storage.test.ts",
  "src/telegram/connect-error.ts": "test/telegram/connections.test.ts",
  "src/telegram/answer.ts": "test/telegram/bot-api.test.ts",
  "src/telegram/file-places.ts": "test/telegram/uploads.test.ts",
  "src/telegram/upload-source.ts": "test/telegram/uploads.test.ts",
  "src/threads/stall-watch.ts": "test/threads/pool-script.test.ts",
  "src/threads/system-threads.ts": "test/end-to-end/priority.test.ts",
  "workers/permission.ts": "test/end-to-end/token.test.ts",
  "workers/current-event.ts": "test/workers/instances.test.ts",
  "workers/program/": "test/end-to-end/grammy.test.ts",
  "workers/heavy/child.ts": "test/workers/heavy/child-process.test.ts",
  "workers/heavy/death-report.ts": "test/workers/heavy/host.test.ts",
  "workers/heavy/parent-watch.ts": "test/workers/heavy/child-process.test.ts",
  "workers/heavy/running-job.ts": "test/workers/heavy/job-run.test.ts",
  "workers/heavy/start-failure.ts": "test/heavy/module.test.ts",
  // The simulator is tested as it is used: over HTTP, and by its clients.
  "simulator/api/": "test/simulator/api/all-methods.test.ts",
  "simulator/bot-world.ts": "test/simulator/simulator.test.ts",
  "simulator/webhook-client.ts": "test/simulator/webhook-sender.test.ts",
  "simulator/clients/": "test/simulator/clients/people.test.ts",
  "simulator/http/": "test/simulator/http/server.test.ts",
  "simulator/inspector/snapshot.ts": "test/simulator/http/page.test.ts",
  "simulator/page/": "test/tour/main.ts",
  "simulator/recording/": "test/simulator/recording/recording.test.ts",
  "simulator/state/": "test/simulator/simulator.test.ts",
  "simulator/text/": "test/simulator/text/format.test.ts",
  "simulator/index.ts": "test/simulator/export.test.ts",
  "simulator/schema.ts": "test/simulator/api/all-methods.test.ts",
  "simulator/schemas.ts": "test/simulator/api/all-methods.test.ts",
};

describe("the house", () => {
  test("every source file has its test, but for the exceptions in layers.test.ts", () => {
    const exceptions = [...TYPES, ...Object.keys(TESTED_TOGETHER)];
    assert.deepEqual(untested(SOURCES, find("test/**/*.test.ts"), exceptions), []);
    for (const where of Object.values(TESTED_TOGETHER)) assert.ok(existsSync(join(ROOT, where)), where);
  });

  test("a file of types has no code", () => {
    for (const path of TYPES) {
      assert.equal(codeOf(stripTypeScriptTypes(read(path))).replaceAll(/export\s*\{\s*\}|[\s;]/g, ""), "", path);
    }
  });

  test("only src/cli touches the process; the files that report the end of a thread touch that, and child.ts its own process", () => {
    assert.deepEqual(
      SOURCES.flatMap((path) => touches(path, read(path))),
      [],
    );
  });

  test("the simulator imports nothing but itself and Node.js; types of @grammyjs/types are not there when it runs", () => {
    const own = SOURCES.filter((path) => path.startsWith("simulator/") && !path.startsWith("simulator/page/"));
    const strangers = own.flatMap(packagesIn).filter((name) => !name.replace("type ", "").startsWith("node:"));
    assert.deepEqual([...new Set(strangers)], ["type @grammyjs/types"]);
  });

  test("the page imports Preact, which is bundled with it, and of the simulator types and one pure file alone", () => {
    const own = find("simulator/page/*.{ts,tsx}");
    const packages = new Set(own.flatMap(packagesIn));
    assert.deepEqual([...packages].sort(), [
      "@preact/signals",
      "preact",
      "preact/hooks",
      "type @grammyjs/types",
      "type @preact/signals",
      "type preact",
    ]);
    const code = own.flatMap((path) => read(path).match(/(?<=\bimport (?!type\b)[^;]*)"\.\.\/[^;]*(?=;)/g) ?? []);
    assert.deepEqual([...new Set(code)], ['"../state/content-kind.ts"']);
  });

  test("a source file of more than 300 lines gives the reason in its header", () => {
    const isExplained = (text: string) => /^(?:\/\/ Generated|\/\*\*(?:(?!\*\/)[\s\S])* longer than others)/.test(text);
    assert.deepEqual(
      SOURCES.filter((path) => read(path).split("\n").length > 301 && !isExplained(read(path))),
      [],
    );
  });

  test("a name of a type stands for one type in src and workers", () => {
    assert.deepEqual(
      homonyms(SOURCES.filter((path) => !path.startsWith("simulator/")).map((path) => [path, read(path)])),
      [],
    );
  });

  test("every import is written so that Biome sees it", () => {
    assert.deepEqual(
      SOURCES.flatMap((path) => hiddenImports(path, read(path))),
      [],
    );
  });
});

/** @returns the names of types that several files declare */
function homonyms(sources: readonly (readonly [path: string, text: string])[]): string[] {
  const declared = sources.flatMap(([path, text]) => {
    const names = codeOf(text).matchAll(/^(?:export )?(?:abstract )?(?:class|interface|type) (\w+)/gm);
    return Array.from(names, ([, name]) => ({ path, name: name! }));
  });
  const several = [...Map.groupBy(declared, ({ name }) => name)].filter(([, all]) => all.length > 1);
  return several.map(([name, all]) => `${name}: ${all.map(({ path }) => path).join(", ")}`);
}

/** The packages that a file imports, with `type` before those of which it takes types alone. */
function packagesIn(path: string): string[] {
  const imports = /\bimport\s+(type\s)?(?:[^"';]*?from\s+)?"([^".][^"]*)"|\bimport\("([^".][^"]*)"\)/g;
  return [...read(path).matchAll(imports)].map(
    ([, type, name, loaded]) => `${type === undefined ? "" : "type "}${name ?? loaded}`,
  );
}

/** @returns the files without a test, and the exceptions that are none */
function untested(sources: readonly string[], tests: readonly string[], exceptions: readonly string[]): string[] {
  const lacking = sources.filter((path) => !tests.includes(testOf(path)));
  const isExcepted = (path: string, by: string) => path === by || (by.endsWith("/") && path.startsWith(by));
  const unexcused = lacking.filter((path) => !exceptions.some((by) => isExcepted(path, by)));
  const stale = exceptions.filter((by) => !lacking.some((path) => isExcepted(path, by)));
  return [
    ...unexcused.map((path) => `${path} has no ${testOf(path)}`),
    ...stale.map((path) => `${path} needs no exception: it is missing, or has its test`),
  ];
}

function testOf(path: string): string {
  return path.replace(/^(?:src\/)?/, "test/").replace(/\.ts$/, ".test.ts");
}

/** The text without its comments and without what its strings say. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|("(?:[^"\\\n]|\\.)*")/g, (_, string) => (string ? '""' : ""));
}

const TOUCH = /\bprocess\s*\??\.\s*(?:argv|exit|exitCode|kill|abort|on|once|addListener)\b/;
const TAKE_APART = /\}\s*=\s*(?:globalThis\s*\.\s*)?process\b(?!\s*\??\.)|\bprocess\s*(?:\?\.\s*)?\[\s*"/;

/** These are about the end of their thread, its arguments, or their own process. */
const OWN_THREAD = [
  "workers/reporter.ts",
  "workers/program/ending.ts",
  "workers/program/main-module.ts",
  "workers/heavy/death-report.ts",
  "workers/heavy/child.ts",
  "workers/heavy/parent-watch.ts",
];

/** Finds process.exit(), process.argv, signals and the like, where they may not be. */
function touches(path: string, text: string): string[] {
  // A thread's own process.exit() ends the thread; a signal would be the server's.
  if (OWN_THREAD.includes(path)) return /\bprocess\s*\.\s*on\w*\("SIG/.test(text) ? [`${path} listens to signals`] : [];
  if (path.startsWith("src/cli/")) return [];
  const code = codeOf(text);
  const isTouched = TOUCH.test(code) || TAKE_APART.test(code) || /\bfrom "(?:node:)?process"/.test(text);
  return isTouched ? [`${path} touches the process`] : [];
}

/** These import modules that users name, or that users' modules import. */
const IMPORT_ANY = [
  "src/config/file.ts",
  "src/protocol/resolve-from.ts",
  "workers/program/libraries.ts",
  "workers/heavy/heavy-functions.ts",
  "workers/loader.ts",
];

/** Finds imports that noRestrictedImports and noImportCycles overlook. */
function hiddenImports(path: string, text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
  const isOpen =
    /\bimport\s*\(\s*[^"\s]|\brequire\s*\(|\bimport\.meta\.resolve\b/.test(code) && !IMPORT_ANY.includes(path);
  const isInlineType = /\bimport\("\.[^"]*"\)\.\w/.test(code);
  return isOpen || isInlineType ? [`${path} has an import that Biome overlooks`] : [];
}

describe("the check", () => {
  test("the check finds files without a test, exceptions that have one, and exceptions that do not exist", () => {
    const sources = ["src/a.ts", "src/b/c.ts", "src/b/d.ts", "src/e/f.ts", "workers/g.ts"];
    const tests = ["test/a.test.ts", "test/b/c.test.ts", "test/workers/g.test.ts"];
    assert.deepEqual(untested(sources, tests, ["src/b/d.ts", "src/e/"]), []);
    assert.deepEqual(untested(sources, tests, ["src/b/d.ts"]), ["src/e/f.ts has no test/e/f.test.ts"]);
    const [first] = untested(sources, tests.slice(0, 2), ["src/b/", "src/e/f.ts"]);
    assert.equal(first, "workers/g.ts has no test/workers/g.test.ts");
    for (const stale of ["src/a.ts", "src/gone.ts", "src/gone/"]) {
      assert.match(untested(sources, tests, ["src/b/d.ts", "src/e/", stale])[0]!, /needs no exception/);
    }
  });

  test("the check finds a name that two files give to types", () => {
    const files = [
      ["a.ts", "export interface Way {}\nclass Calls {}\n// class Job"],
      ["b.ts", "type Way = string;\nimport type { Calls } from './a.ts';\nexport class Job {}"],
    ] as const;
    assert.deepEqual(homonyms(files), ["Way: a.ts, b.ts"]);
  });

  for (const text of [
    "f(process.argv)",
    "process\n  .exit(1)",
    "process.exitCode = 1",
    'process.on("SIGTERM", f)',
    "process.once(signal, f)",
    "const { argv } = process;",
    'process["exit"](1)',
    'import { exit } from "node:process"',
  ]) {
    test(`the check finds ${text.replaceAll(/\s+/g, " ")} outside src/cli`, () => {
      assert.equal(touches("src/server.ts", text).length, 1);
      assert.equal(touches("workers/host.ts", text).length, 1);
      assert.deepEqual(touches("src/cli/signals.ts", text), []);
    });
  }

  test("the check finds no process in comments, strings and harmless members of it", () => {
    const text =
      '// process.exit()\n/** process.argv */ const a = "process.exit()"; process.env; process[stream].write(b);';
    assert.deepEqual(touches("src/server.ts", text), []);
    assert.deepEqual(touches("workers/reporter.ts", 'process.on("exit", () => process.exit(1));'), []);
    assert.equal(touches("workers/reporter.ts", 'process.on("SIGINT", f)').length, 1);
  });

  for (const text of [
    "await import(url)",
    "await import(`./a.ts`)",
    'require("./a.cjs")',
    'import.meta.resolve("./a.ts")',
    'let a: import("../threads/pool.ts").Pool',
  ]) {
    test(`the check finds ${text}, which Biome overlooks`, () => {
      assert.equal(hiddenImports("src/server.ts", text).length, 1);
      assert.deepEqual(hiddenImports("src/server.ts", `// ${text}\nawait import("./b.ts"); import "undici";`), []);
    });
  }
});

describe("Biome", () => {
  /** Imports that break a rule, by room. */
  const BROKEN: Record<string, readonly string[]> = {
    "src/protocol": ["../config/config.ts", "../server.ts", "asgigram"],
    "src/config": ["../telegram/poller.ts"],
    "src/telegram": ["../inbox/sqlite.ts"],
    "src/inbox": ["../threads/pool.ts", "../server.ts", "../index.ts", "../../workers/host.ts", "asgigram/diagnostics"],
    "src/inbox/postgres": ["../../threads/pool.ts", "../../server.ts", "../../../workers/host.ts"],
    "src/dispatch": ["../inbox/sqlite.ts"],
    "src/threads": ["../sends/outbox.ts"],
    "src/heavy": ["../threads/pool.ts", "../../workers/heavy/host.ts"],
    "src/sends": ["../threads/pool.ts"],
    "src/observe": ["../server.ts", "../updates/intake.ts"],
    "src/updates": ["../threads/pool.ts", "../telegram/poller.ts", "../config/config.ts", "../server.ts"],
    "src/utils": ["../protocol/errors.ts"],
    src: ["./cli/main.ts", "../workers/host.ts", "../simulator/index.ts", "asgigram/simulator"],
    "src/cli": ["../updates/intake.ts", "../../workers/host.ts", "../index.ts"],
    "src/cli/commands": ["../../updates/intake.ts", "../../../workers/host.ts", "../../index.ts"],
    workers: ["../src/inbox/sqlite.ts", "../src/server.ts", "../simulator/index.ts", "asgigram"],
    "workers/heavy": ["../../src/heavy/heavy.ts", "../../src/server.ts", "../../simulator/index.ts", "asgigram"],
    simulator: ["../src/server.ts", "../src/protocol/errors.ts", "../workers/host.ts", "asgigram"],
    "simulator/api": ["../../src/inbox/sqlite.ts", "../../src/protocol/errors.ts", "../../workers/host.ts"],
  };
  /** Imports that keep to the rules. */
  const SOUND: Record<string, readonly string[]> = {
    "src/protocol": ["./errors.ts", "node:http"],
    "src/inbox": ["../protocol/errors.ts", "./ledger.ts"],
    "src/inbox/postgres": ["../inbox.ts", "../../protocol/errors.ts", "./plan.ts"],
    "src/updates": [
      "../protocol/errors.ts",
      "../inbox/sqlite.ts",
      "../dispatch/dispatcher.ts",
      "../observe/channels.ts",
    ],
    src: ["./protocol/errors.ts", "./threads/pool.ts", "./updates/intake.ts", "undici"],
    "src/cli/commands": [
      "../main.ts",
      "../../config/config.ts",
      "../../server.ts",
      "../../../simulator/index.ts",
      "yargs",
    ],
    workers: ["../src/protocol/port.ts", "./host.ts"],
    "workers/heavy": ["../../src/protocol/port.ts", "../imports.ts", "./host.ts"],
    "simulator/api": ["../state/world.ts", "node:http"],
  };
  const WAYS: Record<string, (specifier: string) => string> = {
    import: (specifier) => `import "${specifier}";`,
    "import of a type": (specifier) => `import type { A } from "${specifier}";`,
    export: (specifier) => `export * from "${specifier}";`,
    "dynamic import": (specifier) => `await import("${specifier}");`,
  };
  const INDEX = ["./cli/main.ts", "./inbox/sqlite.ts", "./updates/intake.ts"];
  const CIRCLES = {
    "src/protocol/a.ts": 'import "./b.ts";',
    "src/protocol/b.ts": 'export { c } from "./c.ts";',
    "src/protocol/c.ts": 'await import("./a.ts");',
    "src/protocol/looked-at.ts": 'import "./looks-back.ts";',
    "src/protocol/looks-back.ts": 'import type { A } from "./looked-at.ts";',
  };
  const numbered = (rooms: Record<string, readonly string[]>, kind: string, write = WAYS.import!) =>
    Object.entries(rooms).flatMap(([room, specifiers]) =>
      specifiers.map((specifier, i) => [`${room}/${kind}${i}.ts`, write(specifier)] as const),
    );
  const files = new Map<string, string>([
    ...numbered(BROKEN, "broken"),
    ...numbered(SOUND, "sound"),
    ...Object.values(WAYS).map((write, i) => [`src/inbox/way${i}.ts`, write("../threads/pool.ts")] as const),
    ["src/index.ts", INDEX.map(WAYS.import!).join("\n")],
    ...Object.entries(CIRCLES),
  ]);
  const found = lint(files);
  const linesOf = (path: string, rule: string) =>
    found.filter((line) => line.includes(rule) && line.includes(`/${path},`));

  for (const [path, text] of files) {
    if (!/broken|way/.test(path)) continue;
    test(`Biome finds ${text} in ${dirname(path)}`, () => assert.equal(linesOf(path, "noRestrictedImports").length, 1));
  }

  test("Biome finds imports of index.ts beyond protocol, config and server", () => {
    assert.equal(linesOf("src/index.ts", "noRestrictedImports").length, INDEX.length);
  });

  test("Biome finds nothing wrong with sound imports", () => {
    assert.deepEqual(
      found.filter((line) => line.includes("/sound")),
      [],
    );
  });

  test("Biome finds circles, and none where only a type looks back", () => {
    const circles = found.filter((line) => line.includes("noImportCycles"));
    assert.deepEqual(
      circles.map((line) => /\w+\.ts/.exec(line)![0]),
      ["a.ts", "b.ts", "c.ts"],
    );
  });
});

/** @returns a line for each import that breaks a rule of biome.json */
function lint(files: ReadonlyMap<string, string>): string[] {
  using folder = new Folder();
  cpSync(join(ROOT, "biome.json"), folder.join("biome.json"));
  for (const [path, text] of files) {
    mkdirSync(dirname(folder.join(path)), { recursive: true });
    folder.write(path, text);
  }
  const only = ["--only=style/noRestrictedImports", "--only=suspicious/noImportCycles"];
  const options = ["--vcs-enabled=false", "--reporter=github", "--max-diagnostics=none"];
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const { stdout, stderr } = spawnSync(process.execPath, [biome, "lint", ...only, ...options, "."], {
    cwd: folder.path,
    encoding: "utf8",
  });
  const lines = stdout.split("\n").filter((line) => line.startsWith("::error"));
  assert.ok(lines.length > 0, stderr);
  return lines;
}
