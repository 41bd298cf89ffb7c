import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { type Asgi3, loadApplication } from "../../workers/loader.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "asgigram-loader-")));
after(() => rmSync(root, { recursive: true }));

// Node.js warns of the mistakes that these tests make on purpose.
process.removeAllListeners("warning");

/** A new directory with these files, so that no import finds a module of an earlier test in the cache. */
let count = 0;
function project(files: Record<string, string>): string {
  const directory = join(root, String(++count));
  for (const [name, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

type Choice = Parameters<typeof loadApplication>[2];

/** Calls the application. @returns the events that it sends */
async function callOf(application: Asgi3, scope: object = { type: "telegram" }): Promise<unknown[]> {
  const sent: unknown[] = [];
  const send = async (event: unknown) => void sent.push(event);
  await application(scope, async () => ({ type: "telegram.message" }), send);
  return sent;
}

async function loaded(
  importString: string,
  files: Record<string, string>,
  choice: Choice = "auto",
): Promise<unknown[]> {
  return callOf(await loadApplication(importString, project(files), choice));
}

async function refused(importString: string, files: Record<string, string>, choice: Choice = "auto"): Promise<string> {
  const directory = project(files);
  const error = await loadApplication(importString, directory, choice).then(
    () => assert.fail(`${importString} was loaded`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ApplicationLoadError, String(error));
  // Under older versions of Node.js the remedy names the one that it needs.
  return error.message.replaceAll(directory, "…").replace(" under Node.js 24", "");
}

const sends = (what: string) => `async (scope, receive, send) => { await send(${JSON.stringify(what)}); }`;

suite("a file", () => {
  const module = `export const application = ${sends("it")};`;
  const typed =
    "export const application = async (scope: object, receive: unknown, send: (e: string) => Promise<void>): Promise<void> => { await send('it'); };";
  const commonJs = `exports.application = ${sends("it")};`;
  for (const [name, text] of [
    ["app.ts", typed],
    ["app.mts", typed],
    ["app.js", module],
    ["app.mjs", module],
    ["app.cjs", commonJs],
    ["deep/down/app.ts", typed],
    ["with space/and:colon/app.js", module],
  ] as const) {
    test(`${name} is loaded, with and without a name, by path, absolute path and URL`, async () => {
      const directory = project({ [name]: text });
      const path = join(directory, name);
      for (const at of [name, `./${name}`, path, pathToFileURL(path).href]) {
        assert.deepEqual(await callOf(await loadApplication(at, directory, "auto")), ["it"], at);
        assert.deepEqual(await callOf(await loadApplication(`${at}:application`, directory, "auto")), ["it"], at);
      }
    });
  }

  test("a file with require and module.exports is CommonJS if its package says so", async () => {
    const files = { "package.json": '{ "type": "commonjs" }', "app.ts": commonJs };
    assert.deepEqual(await loaded("app.ts", files), ["it"]);
  });

  test("a file with export is a module if no package.json says otherwise", async () => {
    assert.deepEqual(await loaded("app.ts", { "package.json": "{}", "app.ts": typed }), ["it"]);
  });
});

suite("the dotted form", () => {
  for (const extension of ["ts", "mts", "js", "mjs"]) {
    test(`your_project.asgi finds your_project/asgi.${extension}`, async () => {
      const files = { [`your_project/asgi.${extension}`]: `export const application = ${sends("it")};` };
      assert.deepEqual(await loaded("your_project.asgi:application", files), ["it"]);
      assert.deepEqual(await loaded("your_project.asgi", files), ["it"]);
    });
  }

  test("a dotted name finds a .cjs file", async () => {
    assert.deepEqual(await loaded("bot:application", { "bot.cjs": `exports.application = ${sends("it")};` }), ["it"]);
  });

  test("a dotted name prefers TypeScript to compiled JavaScript", async () => {
    const files = {
      "bot.js": `export const application = ${sends("js")};`,
      "bot.ts": `export const application = ${sends("ts")};`,
    };
    assert.deepEqual(await loaded("bot", files), ["ts"]);
  });
});

suite("a package", () => {
  const inPackage = (manifest: object, files: Record<string, string>) =>
    Object.fromEntries(
      Object.entries({ "package.json": JSON.stringify({ name: "some-bot", ...manifest }), ...files }).map(
        ([name, text]) => [`node_modules/some-bot/${name}`, text],
      ),
    );
  const application = (what: string) => `export const application = ${sends(what)};`;

  test("a package is found from the server's directory, by its entry for import, not for require", async () => {
    const files = inPackage(
      { exports: { import: "./import.mjs", require: "./require.cjs" } },
      { "import.mjs": application("import"), "require.cjs": `exports.application = ${sends("require")};` },
    );
    assert.deepEqual(await loaded("some-bot", files), ["import"]);
    assert.deepEqual(await loaded("some-bot:application", files), ["import"]);
  });

  test("a package may have an entry for import only", async () => {
    const files = inPackage({ type: "module", exports: { import: "./main.js" } }, { "main.js": application("it") });
    assert.deepEqual(await loaded("some-bot:application", files), ["it"]);
  });

  test("a package may be CommonJS with only `main`", async () => {
    const files = inPackage({ main: "lib/main" }, { "lib/main.js": `exports.application = ${sends("it")};` });
    assert.deepEqual(await loaded("some-bot", files), ["it"]);
  });

  test("a package may be named with a path in it", async () => {
    const files = inPackage({ type: "module", exports: { "./bot": "./bot.js" } }, { "bot.js": application("it") });
    assert.deepEqual(await loaded("some-bot/bot:application", files), ["it"]);
  });

  test("a package that does not export the path is refused", async () => {
    const files = inPackage({ exports: { "./bot": "./bot.js" } }, { "bot.js": "" });
    assert.equal(
      await refused("some-bot:application", files),
      'the package of "some-bot" does not export that path for import',
    );
  });

  test("a package whose file is missing is refused, with the file", async () => {
    const files = inPackage({ exports: "./main.js" }, {});
    assert.equal(
      await refused("some-bot", files),
      'cannot find "some-bot": no such file: …/node_modules/some-bot/main.js',
    );
  });

  test("a package in TypeScript is refused", async () => {
    const files = inPackage({ type: "module", exports: "./main.ts" }, { "main.ts": "export const x: number = 1;" });
    assert.equal(
      await refused("some-bot", files),
      "some-bot could not be imported: Node.js does not run TypeScript inside node_modules; publish that package as JavaScript",
    );
  });
});

suite("the export", () => {
  test("without a name, `application` comes before the default export", async () => {
    const text = `export default ${sends("default")}; export const application = ${sends("application")};`;
    assert.deepEqual(await loaded("app.js", { "app.js": text }), ["application"]);
  });

  test("without a name, the default export or its `application` is used", async () => {
    assert.deepEqual(await loaded("app.js", { "app.js": `export default ${sends("default")};` }), ["default"]);
    const nested = `export default { application: ${sends("nested")} };`;
    assert.deepEqual(await loaded("app.js", { "app.js": nested }), ["nested"]);
  });

  test("module.exports as a whole is the default export", async () => {
    assert.deepEqual(await loaded("app.cjs", { "app.cjs": `module.exports = ${sends("whole")};` }), ["whole"]);
  });

  test("a name may have dots", async () => {
    const text = `export const bots = { "cat": { bot: ${sends("cat")} } }; export default { dog: ${sends("dog")} };`;
    assert.deepEqual(await loaded("app.js:bots.cat.bot", { "app.js": text }), ["cat"]);
    assert.deepEqual(await loaded("app.js:dog", { "app.js": text }), ["dog"]);
    assert.deepEqual(await loaded("app.js:default.dog", { "app.js": text }), ["dog"]);
  });

  test("a name may use any letters that JavaScript allows", async () => {
    const text = `const _ = ${sends("it")}; export { _ as $bøt_1 };`;
    assert.deepEqual(await loaded("app.js:$bøt_1", { "app.js": text }), ["it"]);
  });
});

suite("mistakes and their messages", () => {
  test("a file that does not exist", async () => {
    assert.equal(await refused("app.ts:application", {}), "no such file: …/app.ts");
    assert.equal(await refused("./app:application", {}), "no such file: …/app");
    assert.equal(await refused("/nowhere/app.js", {}), "no such file: /nowhere/app.js");
    assert.equal(await refused("file:///nowhere/app.js:application", {}), "no such file: /nowhere/app.js");
  });

  test("a directory in place of a file", async () => {
    assert.equal(await refused("./bots", { "bots/app.ts": "" }), "…/bots is a directory, not a file");
  });

  test("a name of neither a file nor a package", async () => {
    assert.equal(
      await refused("your_project.asgi:application", {}),
      'cannot find "your_project.asgi": no file …/your_project/asgi.ts (nor .mts, .js, .mjs, .cjs), and no package of that name is installed in …',
    );
  });

  test("an invalid name of an export after the colon", async () => {
    for (const name of ["", "my-bot", "1", "a b"]) {
      assert.equal(
        await refused(`app.ts:${name}`, { "app.ts": "" }),
        `"app.ts:${name}": after the colon comes the name of an export (app.ts:application), not "${name}"`,
      );
    }
  });

  test("an export that does not exist: the message lists the exports, and a similar one", async () => {
    const files = { "app.js": "export const application = 1; export const other = 1;" };
    assert.equal(
      await refused("app.js:aplication", files),
      'app.js has no export "aplication"; did you mean "application"? (it exports application, other)',
    );
    assert.equal(await refused("app.js:xyz", files), 'app.js has no export "xyz" (it exports application, other)');
    assert.equal(
      await refused("app.js:other.xyz", files),
      'app.js has no export "other.xyz" (it exports application, other)',
    );
    const commonJs = { "app.cjs": "exports.bot = 1;" };
    assert.equal(await refused("app.cjs:xyz", commonJs), 'app.cjs has no export "xyz" (it exports bot)');
  });

  test("neither `application` nor a default export", async () => {
    assert.equal(
      await refused("app.js", { "app.js": "export const bot = () => {};" }),
      'app.js exports neither "application" nor a default (it exports bot); name one: app.js:name',
    );
    const forgotten = { "package.json": "{}", "app.js": "const application = async () => {};" };
    assert.equal(
      await refused("app.js", forgotten),
      'app.js exports neither "application" nor a default (it exports nothing); name one: app.js:name',
    );
    assert.equal(
      await refused("app.cjs", { "app.cjs": "exports.bot = () => {};" }),
      'app.cjs exports neither "application" nor a default (it exports bot); name one: app.cjs:name',
    );
  });

  test("a bundle that has its bot library inside: the message says how to build it", async () => {
    const files = {
      "bot.cjs": 'const apiRoot = "https://api.telegram.org";',
      "thrower.cjs": 'throw new Error("401: Unauthorized by https://api.telegram.org");',
    };
    for (const file of Object.keys(files))
      assert.match(await refused(file, files), /\n.+\(esbuild: --packages=external\)$/);
  });

  test("an export that is no function", async () => {
    const text =
      "export const application = Promise.resolve(); export let later; export const nothing = null; export default new Map();";
    const what = "an application is a function (scope, receive, send)";
    assert.equal(await refused("app.js", { "app.js": text }), `"application" in app.js is a Promise: ${what}`);
    assert.equal(await refused("app.js:later", { "app.js": text }), `"later" in app.js is undefined: ${what}`);
    assert.equal(await refused("app.js:nothing", { "app.js": text }), `"nothing" in app.js is null: ${what}`);
    assert.equal(
      await refused("app.js", { "app.js": "export default new Map();" }),
      `the default export in app.js is a Map: ${what}`,
    );
  });

  test("a class with --interface asgi3", async () => {
    assert.equal(
      await refused("app.js", { "app.js": "export class application { async call() {} }" }, "asgi3"),
      '"application" in app.js is a class: an ASGI 3 application is a function, a class is ASGI 2',
    );
  });

  test("a file that throws", async () => {
    assert.equal(
      await refused("app.js", { "app.js": "throw new TypeError('the key is missing');" }),
      "app.js could not be imported: it threw TypeError: the key is missing",
    );
    assert.equal(
      await refused("app.js", { "app.js": "throw { code: 5 };" }),
      "app.js could not be imported: it threw { code: 5 }",
    );
    assert.equal(
      await refused("app.js", { "app.js": "throw undefined;" }),
      "app.js could not be imported: it threw undefined",
    );
  });

  test("a file that throws: its error is the cause", async () => {
    const directory = project({ "app.js": "throw new RangeError('x');" });
    await assert.rejects(loadApplication("app.js", directory, "auto"), (error: Error) => {
      assert.ok(error.cause instanceof RangeError);
      assert.match(error.cause.stack!, /app\.js:1/);
      return true;
    });
  });

  test("a file that is no valid JavaScript", async () => {
    assert.match(
      await refused("app.js", { "app.js": "export const application = async (" }),
      /^app\.js could not be imported: it threw SyntaxError: /,
    );
  });

  test("a file that is no valid TypeScript", async () => {
    assert.match(
      await refused("app.ts", { "app.ts": "export const application = async (a: number) => {" }),
      /^app\.ts could not be imported: it is not valid TypeScript: /,
    );
  });

  test("TypeScript that needs more than removing the types", async () => {
    assert.match(
      await refused("app.ts", { "app.ts": "export enum Color { Red }" }),
      /^app\.ts could not be imported: TypeScript enum is not supported .*\nNode\.js runs TypeScript by removing the types; enums, .*, or run it with --import tsx, or run the compiled file$/,
    );
  });

  test("an imported file that is missing", async () => {
    assert.equal(
      await refused("app.js", { "app.js": "import './nope.js';" }),
      "app.js could not be imported: a module that it imports is missing: Cannot find module '…/nope.js' imported from …/app.js",
    );
    assert.match(
      await refused("app.cjs", { "app.cjs": "require('nope');" }),
      /^app\.cjs could not be imported: a module that it imports is missing: Cannot find module 'nope'/,
    );
  });

  for (const [what, files] of Object.entries({
    "without its extension": { "app.ts": "import './other';", "other.ts": "" },
    "as it is called when it is compiled": { "app.ts": "import './other.js';", "other.ts": "" },
    "without its extension, by require()": { "app.cts": "require('./other');", "other.ts": "" },
  })) {
    test(`an imported file that is named ${what}`, async () => {
      assert.match(
        await refused(Object.keys(files)[0]!, files),
        /a module that it imports is missing: Cannot find module '[^']*other[\s\S]*\nNode\.js imports a file by its full name only: run it with --import tsx, or run the compiled file$/,
      );
    });
  }

  for (const [what, text] of Object.entries({
    "a folder": "import './lib';",
    "JSON without its attribute": "import settings from './settings.json'; settings;",
    "an alias of tsconfig.json": "import '@/lib';",
    decorators: "const mark = () => {};\n@mark\nclass Scene {}",
  })) {
    test(`TypeScript with ${what}, which other tools take`, async () => {
      const files = { "app.ts": text, "lib/index.ts": "", "settings.json": "{}" };
      assert.match(await refused("app.ts", files), /: run it with --import tsx, or run the compiled file$/);
    });
  }

  test("a file whose import does not end", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const told: string[] = [];
    const directory = project({
      "app.js": "await new Promise(() => {});",
      "fast.js": "export const application = () => {};",
    });
    void loadApplication("app.js", directory, "auto", undefined, undefined, (message) => told.push(message));
    await loadApplication("fast.js", directory, "auto", undefined, undefined, (message) => told.push(message));
    t.mock.timers.tick(29_999);
    assert.deepEqual(told, []);
    t.mock.timers.tick(1);
    assert.deepEqual(told, ["app.js is not imported after 30 s: something that it awaits takes long"]);
  });

  test("an imported package that is missing", async () => {
    assert.equal(
      await refused("app.ts", { "app.ts": "import 'nope';" }),
      "app.ts could not be imported: a module that it imports is missing: Cannot find package 'nope' imported from …/app.ts",
    );
  });

  test("a type that is imported as a value", async () => {
    const types = { "types.ts": "export type Name = string;", "lib.cjs": "exports.Bot = class {};" };
    for (const from of ["types.ts", "lib.cjs"]) {
      const message = await refused("app.ts", { "app.ts": `import { Name } from './${from}'; Name;`, ...types });
      assert.match(
        message,
        /(?:does not provide an export named 'Name'|Named export 'Name' not found\. .*); if that is a type, import it with "import type", or run it with --import tsx, or run the compiled file$/,
      );
      assert.doesNotMatch(message, /\n/);
    }
  });

  test("a CommonJS file that uses import and export", async () => {
    for (const name of ["app.ts", "app.js", "app.cjs"]) {
      for (const text of ["export const application = 1;", "import 'node:fs';"]) {
        const files = { "package.json": '{ "type": "commonjs" }', [name]: text };
        assert.equal(
          await refused(name, files),
          `${name} could not be imported: it uses import and export, but is CommonJS by its name (.cjs, .cts) or its package.json ("type": "commonjs"); set "type": "module" there, or name the file .mts or .mjs${name === "app.ts" ? "; or run it with --import tsx, or run the compiled file" : ""}`,
        );
      }
    }
  });
});

suite("the ASGI version", () => {
  const two = "(scope) => async (receive, send) => { await send(scope); }";
  const scope = { type: "telegram", chat: { id: 1 } };
  const asLoaded = async (text: string, choice: Choice = "auto") =>
    callOf(await loadApplication("app.js", project({ "app.js": text }), choice), scope);

  test("an async function is ASGI 3, with any parameters", async () => {
    assert.deepEqual(await asLoaded(`export const application = ${sends("3")};`), ["3"]);
    assert.deepEqual(await asLoaded("export const application = async (...all) => { await all[2]('3'); };"), ["3"]);
    assert.deepEqual(await asLoaded("export const application = async (scope) => {};"), []);
  });

  test("a plain function is ASGI 3, unless it has one parameter", async () => {
    assert.deepEqual(await asLoaded("export const application = (scope, receive, send) => send('3');"), ["3"]);
    assert.deepEqual(await asLoaded("export const application = (...all) => all[2]('3');"), ["3"]);
    assert.deepEqual(await asLoaded(`export const application = ${two};`), [scope]);
  });

  test("a class is ASGI 2, and makes an object per scope", async () => {
    const text = `export class application {
      constructor(scope) { this.scope = scope; }
      async call(receive, send) { await send(this.scope); await send(await receive()); }
    }`;
    assert.deepEqual(await asLoaded(text), [scope, { type: "telegram.message" }]);
  });

  test("an ASGI 2 application may return an object with call", async () => {
    const text =
      "export const application = (scope) => ({ scope, async call(receive, send) { await send(this.scope); } });";
    assert.deepEqual(await asLoaded(text), [scope]);
  });

  test("a marker has precedence over the form", async () => {
    const marked = `export const application = (scope, ignored) => async (receive, send) => { await send(scope); }; application.asgi = "asgi2";`;
    assert.deepEqual(await asLoaded(marked), [scope]);
    const three = `export const application = (scope) => {}; application.asgi = "asgi3";`;
    assert.deepEqual(await asLoaded(three), []);
  });

  test("--interface has precedence over the marker", async () => {
    assert.deepEqual(await asLoaded(`export const application = ${two}; application.asgi = "asgi3";`, "asgi2"), [
      scope,
    ]);
    assert.deepEqual(await asLoaded(`export const application = ${sends("3")}; application.asgi = "asgi2";`, "asgi3"), [
      "3",
    ]);
  });

  test("an ASGI 2 application that returns no coroutine throws when it is called", async () => {
    const says =
      /an ASGI 2 application must return a function \(receive, send\) or an object with call\(receive, send\), not /;
    await assert.rejects(asLoaded("export const application = (scope) => {};"), says);
    await assert.rejects(asLoaded("export const application = async (scope) => {};", "asgi2"), / not a Promise/);
    await assert.rejects(asLoaded("export class application {}"), / not an application/);
  });
});
