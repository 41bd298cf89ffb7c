/** The rules of the house, checked on the house itself and, lest the check be blind, on made-up trees that break them. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { problemsIn, untested } from "./layers/rules.ts";
import { importsOf, readSource } from "./layers/source.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const find = (pattern: string) =>
  globSync(pattern, { cwd: ROOT })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();

const SOURCES = find("{src,workers,simulator}/**/*.ts");

/** Of types alone there is nothing to run. */
const TYPES = [
  "src/inbox/inbox.ts",
  "src/observe/status.ts",
  "src/protocol/events.ts",
  "src/protocol/received-event.ts",
  "src/protocol/update-source.ts",
  "src/protocol/worker-causes.ts",
];

/** Files, and folders, whose parts are tested together, and where. */
const TESTED_TOGETHER: Record<string, string> = {
  "src/cli/check/finding.ts": "test/cli/check/report.test.ts",
  "src/cli/main.ts": "test/cli/commands/serve.test.ts",
  "src/index.ts": "test/server.test.ts",
  "src/protocol/asgi.ts": "test/types/application.types.ts",
  "src/telegram/connect-error.ts": "test/telegram/connections.test.ts",
  "src/telegram/answer.ts": "test/telegram/bot-api.test.ts",
  "src/telegram/file-places.ts": "test/telegram/uploads.test.ts",
  "src/telegram/request.ts": "test/telegram/downloads.test.ts",
  "src/telegram/upload-source.ts": "test/telegram/uploads.test.ts",
  // The simulator is tested as it is used: over HTTP, and by its clients.
  "simulator/api/": "test/simulator/api/all-methods.test.ts",
  "simulator/clients/": "test/simulator/clients/people.test.ts",
  "simulator/http/": "test/simulator/http/server.test.ts",
  "simulator/state/": "test/simulator/simulator.test.ts",
  "simulator/text/": "test/simulator/text/format.test.ts",
  "simulator/index.ts": "test/simulator/simulator.test.ts",
  "simulator/schema.ts": "test/simulator/api/all-methods.test.ts",
  "simulator/schemas.ts": "test/simulator/api/all-methods.test.ts",
};

describe("the house", () => {
  test("keeps to its layers, goes in no circles, and touches the process only where it may", () => {
    assert.deepEqual(problemsIn(new Map(SOURCES.map((path) => [path, read(path)]))), []);
  });

  test("has a test for every file, but for the exceptions named here", () => {
    const exceptions = [...TYPES, ...Object.keys(TESTED_TOGETHER)];
    assert.deepEqual(untested(SOURCES, find("test/**/*.test.ts"), exceptions), []);
    for (const where of Object.values(TESTED_TOGETHER)) assert.ok(existsSync(join(ROOT, where)), where);
  });

  test("has nothing to run in its files of types", () => {
    for (const path of TYPES) {
      const { code } = readSource(stripTypeScriptTypes(read(path)));
      assert.equal(code.replaceAll(/export\s*\{\s*\}|[\s;]/g, ""), "", path);
    }
  });

  test("is read well: of every file no import is overlooked that is left without its types", () => {
    for (const path of SOURCES) {
      const left = stripTypeScriptTypes(read(path)).matchAll(/(?:\bfrom|^import) ["']([^"'\n]+)["'];$/gm);
      const found = importsOf(read(path)).named.map(({ specifier }) => specifier);
      for (const [, specifier] of left) assert.ok(found.includes(specifier!), `${path}: ${specifier}`);
    }
    const imports = SOURCES.flatMap((path) => importsOf(read(path)).named);
    assert.ok(imports.length > SOURCES.length, `${imports.length} imports in ${SOURCES.length} files`);
  });
});

describe("reading a file", () => {
  const found = (text: string) => importsOf(text).named.map(({ specifier }) => specifier);

  test("finds every way of importing", () => {
    const text = `
      import a from "./default.ts";
      import * as b from './namespace.ts';
      import { c, d as e } from "./named.ts"
      import f, { type g } from "./both.ts";
      import {
        h,
        type i,
      } from "./lines.ts";
      import "./passing.ts";
      import data from "./data.json" with { type: "json" };
      export * from "./all.ts";
      export { j } from "./some.ts";
      const k = await import("./dynamic.ts"), l = require("./required.cjs"), m = import.meta.resolve("./resolved.ts");
      const n = await import(\`./template.ts\`);
      import type { O } from "./type.ts";
      export type { P } from "./exported-type.ts";
      let q: import("./inline-type.ts").Q;`;
    const names =
      "default namespace named both lines passing data all some type exported-type dynamic required resolved";
    const rest = ["template", "inline-type"];
    assert.deepEqual(
      found(text)
        .map((path) => path.replace(/^\.\/|\.\w+$/g, ""))
        .sort(),
      [...names.split(" "), ...rest].sort(),
    );
    assert.equal(importsOf(text).isOpen, false);
  });

  test("tells what is imported as a type alone", () => {
    const types = (text: string) => importsOf(text).named.map(({ isType }) => isType);
    assert.deepEqual(types('import type { A } from "a"; export type * from "b"; import type C from "c";'), [
      true,
      true,
      true,
    ]);
    assert.deepEqual(
      types('import { type A } from "a"; import type, { b } from "b"; import type from "c"; import "d";'),
      [false, false, false, false],
    );
  });

  test("is not deceived by what only looks like an import", () => {
    const text = `
      // import a from "./comment.ts";
      /* import b from "./comment.ts"; */
      const c = 'import d from "./string.ts"';
      const e = "it's \\" import \\"./string.ts\\"";
      const f = \`import g from "./template.ts" \${c + \`import "./nested.ts" \${{ h: "}" }.h}\`} import("./tail.ts")\`;
      const i = /import "\\/regular[/"]"/.test(c) ? 4 / 2 / 1 : c.length / 2;
      const from = { import: 1, from: "./property.ts" };
      j.import = k; // "
      export const l = "./not-from.ts";`;
    assert.deepEqual(found(text), []);
    assert.equal(importsOf(text).isOpen, false);
  });

  test("goes on rightly after quotes, templates, divisions and regular expressions", () => {
    for (const odd of [
      "'\"'",
      '"`"',
      `\`\${a}\``,
      `\`\${\`\${{ b: 1 }.b}\`}\``,
      "a / 2",
      "/['\"`]/g",
      "(1) / 2",
      "`\\``",
      "`$`",
      "// '",
    ]) {
      assert.deepEqual(found(`x = ${odd}\nimport y from "./found.ts";\nz = ${odd}\n`), ["./found.ts"], odd);
    }
  });

  test("tells that the name of something imported does not show", () => {
    for (const text of ["import(url)", `await import(\`./\${name}.ts\`)`, "require(a + b)", 'import("./a" + b)']) {
      assert.equal(importsOf(text).isOpen, true, text);
    }
  });
});

describe("the check finds", () => {
  /** Files that each other file may import, so that nothing else is wrong. */
  const FOUNDATION = {
    "src/protocol/errors.ts": "export {}",
    "src/config/config.ts": "",
    "src/inbox/sqlite.ts": "",
    "src/threads/pool.ts": "",
    "src/server.ts": "",
    "src/cli/main.ts": "",
    "src/index.ts": "",
    "simulator/index.ts": "",
    "workers/host.ts": "",
  };
  const problems = (files: Record<string, string>) => problemsIn(new Map(Object.entries({ ...FOUNDATION, ...files })));

  test("nothing in a house that is in order", () => {
    const files = {
      "src/protocol/port.ts": 'import type { MessagePort } from "node:worker_threads"; import "./errors.ts";',
      "src/inbox/memory.ts": 'import { InboxError } from "../protocol/errors.ts"; import { S } from "./sqlite.ts";',
      "src/server.ts": 'import "./config/config.ts"; import "./inbox/sqlite.ts"; import "./threads/pool.ts";',
      "src/index.ts": 'import { serve } from "./server.ts"; import "undici";',
      "src/cli/main.ts": 'const { serve } = await import("../server.ts"); process.exit(process.argv.length);',
      "src/cli/bin.ts": 'await import("./main.ts"); process.exitCode = 2;',
      "workers/host.ts": 'import { Batch } from "../src/protocol/errors.ts"; import "./instance.ts";',
      "workers/instance.ts": 'import type { Host } from "./host.ts";',
      "workers/reporter.ts": 'process.on("uncaughtException", () => process.exit(1)); process.on("exit", () => {});',
      "workers/loader.ts": "await import(url);",
    };
    assert.deepEqual(problems(files), []);
  });

  const broken: [what: string, path: string, text: string, problem: RegExp][] = [
    [
      "protocol importing anything of ours",
      "src/protocol/port.ts",
      'import "../config/config.ts"',
      /protocol may not import config/,
    ],
    [
      "a stage importing another",
      "src/inbox/a.ts",
      'export * from "../threads/pool.ts"',
      /inbox may not import threads/,
    ],
    [
      "that also as a type",
      "src/inbox/a.ts",
      'import type { P } from "../threads/pool.ts"',
      /inbox may not import threads/,
    ],
    ["that also inline", "src/inbox/a.ts", 'let p: import("../threads/pool.ts").P', /inbox may not import threads/],
    ["a stage importing the server", "src/observe/a.ts", 'import("../server.ts")', /observe may not import server/],
    [
      "a stage importing a worker",
      "src/dispatch/a.ts",
      'import "../../workers/host.ts"',
      /dispatch may not import workers/,
    ],
    ["a worker importing a stage", "workers/a.ts", 'import "../src/inbox/sqlite.ts"', /workers may not import inbox/],
    [
      "a worker importing the package",
      "workers/a.ts",
      'import type { A } from "asgigram"',
      /workers may not import index/,
    ],
    [
      "the simulator importing the server",
      "simulator/a.ts",
      'import "../server.ts"',
      /simulator may not import server/,
    ],
    [
      "the server importing the simulator",
      "src/server.ts",
      'import "asgigram/simulator"',
      /server may not import simulator/,
    ],
    ["the server importing the command line", "src/server.ts", 'import "./cli.ts"', /server may not import cli/],
    ["the index importing a stage", "src/index.ts", 'export * from "./inbox/sqlite.ts"', /index may not import inbox/],
    ["a layer that is none", "src/utils/a.ts", 'import "../protocol/errors.ts"', /"utils" is no layer/],
    ["an import of what is not there", "src/inbox/a.ts", 'import "./b.ts"', /src\/inbox\/b\.ts, which is not there/],
    ["an import that does not show", "src/inbox/a.ts", "await import(name)", /cannot be told before it runs/],
    ["process.argv outside the command line", "src/server.ts", "f(process.argv)", /touches the process: argv/],
    ["process.exit() in a stage", "src/inbox/a.ts", "process.exit(1)", /touches the process: exit/],
    ["process.exit() in a worker", "workers/host.ts", "process\n  .exit()", /touches the process: exit/],
    ["an exit code outside the command line", "src/server.ts", "process.exitCode = 1", /touches the process: exitCode/],
    [
      "a signal outside the command line",
      "src/server.ts",
      'process.on("SIGTERM", f)',
      /touches the process: on SIGTERM/,
    ],
    ["a signal by another name", "src/server.ts", "process.once(signal, f)", /touches the process: on \?/],
    ["a signal in the reporter", "workers/reporter.ts", 'process.on("SIGINT", f)', /touches the process: on SIGINT/],
    ["process taken apart", "src/server.ts", "const { argv } = process;", /takes the process apart/],
    ["process by key", "src/server.ts", 'process["exit"](1)', /takes the process apart/],
    ["process imported", "src/server.ts", 'import { exit } from "node:process"', /takes the process apart/],
  ];
  for (const [what, path, text, problem] of broken) {
    test(what, () => {
      const found = problems({ [path]: text });
      assert.equal(found.length, 1, `${found}`);
      assert.match(found[0]!, problem);
      assert.ok(found[0]!.startsWith(path));
    });
  }

  test("a circle, once, by whatever way it goes", () => {
    const files = {
      "src/inbox/a.ts": 'import "./b.ts"',
      "src/inbox/b.ts": 'export { c } from "./c.ts"; import "./d.ts"',
      "src/inbox/c.ts": 'await import("./a.ts")',
      "src/inbox/d.ts": 'import "./d.ts"',
    };
    assert.deepEqual(problems(files).sort(), [
      "a circle: src/inbox/a.ts -> src/inbox/b.ts -> src/inbox/c.ts -> src/inbox/a.ts",
      "a circle: src/inbox/d.ts -> src/inbox/d.ts",
    ]);
  });

  test("no circle where a type looks back", () => {
    const files = { "src/inbox/a.ts": 'import "./b.ts"', "src/inbox/b.ts": 'import type { A } from "./a.ts"' };
    assert.deepEqual(problems(files), []);
  });

  test("files without a test, exceptions that have one, and exceptions of what is gone", () => {
    const sources = ["src/a.ts", "src/b/c.ts", "src/b/d.ts", "src/e/f.ts", "workers/g.ts"];
    const tests = ["test/a.test.ts", "test/b/c.test.ts", "test/workers/g.test.ts"];
    assert.deepEqual(untested(sources, tests, ["src/b/d.ts", "src/e/"]), []);
    assert.deepEqual(untested(sources, tests, ["src/b/d.ts"]), ["src/e/f.ts has no test/e/f.test.ts"]);
    assert.equal(
      untested(sources, tests.slice(0, 2), ["src/b/", "src/e/f.ts"])[0],
      "workers/g.ts has no test/workers/g.test.ts",
    );
    for (const stale of ["src/a.ts", "src/gone.ts", "src/gone/"]) {
      assert.match(untested(sources, tests, ["src/b/d.ts", "src/e/", stale])[0]!, /needs no exception/);
    }
  });
});
