/**
 * Loads an ASGI 3 application from an import string. A module can be named in three ways, and each mistake has its own
 * message.
 *
 *   path/to/app.ts:export.name      a file, relative to the directory in which the server was started
 *   some-package:export.name        a package, as import would find it from there
 *   your_project.asgi:application   dotted, as in Python: ./your_project/asgi.{ts,mts,js,mjs,cjs}
 *
 * The file is longer than others because each mistake has its own message.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { ApplicationLoadError } from "../src/protocol/errors.ts";
import { nearest } from "../src/protocol/nearest.ts";
import { resolveFrom } from "../src/protocol/resolve-from.ts";
import { threadRemedy } from "../src/protocol/thread-remedy.ts";
import { kindOfValue } from "./kind-of-value.ts";

type UntypedReceive = () => Promise<unknown>;
type UntypedSend = (event: unknown) => Promise<unknown>;

/** An application in its common form. It may still throw where it should reject. */
export type Asgi3 = (scope: object, receive: UntypedReceive, send: UntypedSend) => unknown;

type Callable = (...args: unknown[]) => unknown;

export type Interface = "asgi2" | "asgi3";

const EXTENSIONS = [".ts", ".mts", ".js", ".mjs", ".cjs"];
const FILE = /\.[cm]?[jt]s$/;

/** A bot's program that the imported file may turn out to be. */
export interface ProgramWatch {
  /** A bot library that is loaded. */
  readonly library: string | undefined;
  /** Resolves when the program has started its bot, which may be before its import ends. */
  readonly launched: Promise<Asgi3>;
  /**
   * Waits for the launch.
   * @param exports a bot among them need not be started
   * @throws ApplicationLoadError if the program starts no bot
   */
  launch(module: string, exports: readonly unknown[]): Promise<Asgi3>;
  /** @returns the application that serves the value; undefined if it is no bot */
  exported(value: unknown): Promise<Asgi3> | undefined;
  /** The file is an application. */
  leave(): void;
}

/** Time of an import that is told of: ms. */
const LONG_IMPORT = 30_000;

/**
 * @param onImport is called with the URL of the file, before its import
 * @param onLong is called if the import takes long: it may never end
 * @throws ApplicationLoadError
 */
export async function loadApplication(
  importString: string,
  directory: string,
  choice: Interface | "auto",
  program?: ProgramWatch,
  onImport?: (url: string) => void,
  onLong?: (message: string) => void,
): Promise<Asgi3> {
  const { module, attribute } = parse(importString);
  const url = locate(module, directory);
  onImport?.(url);
  const tell = () =>
    onLong?.(`${module} is not imported after ${LONG_IMPORT / 1000} s: something that it awaits takes long`);
  try {
    return await load(url, module, attribute, choice, program, tell);
  } catch (error) {
    if (!(error instanceof ApplicationLoadError)) throw error;
    const hint = hintFor(error, url, program?.library);
    throw hint === undefined ? error : new ApplicationLoadError(`${error.message}\n${hint}`, { cause: error.cause });
  }
}

const BUNDLED =
  "It loaded no bot library from node_modules. A bundle has to leave its library out: build it with external packages (esbuild: --packages=external)";

const OTHER_VARIABLE =
  "asgigram puts a stand-in for the token into BOT_TOKEN and other usual variables. If the bot reads another one, set that to the bot's id, a colon and 35 letters";

/** The remedy that a person is told beside the error; undefined if the error says enough. */
function hintFor(
  { message, cause }: ApplicationLoadError,
  url: string,
  library: string | undefined,
): string | undefined {
  if (cause instanceof SyntaxError) return undefined;
  if (library === undefined) return mayBeBundle(url) ? BUNDLED : undefined;
  // grammY: "Empty token!"; node-telegram-bot-api says it when it polls, and a bot that checks by itself in its own words.
  const lacksToken = /\btoken\b/i.test(message) && !message.startsWith("its code holds a token");
  return lacksToken ? OTHER_VARIABLE : undefined;
}

/** True for a file that has the default of every bot library in itself. */
function mayBeBundle(url: string): boolean {
  const path = fileURLToPath(url);
  return existsSync(path) && readFileSync(path, "utf8").includes("https://api.telegram.org");
}

async function load(
  url: string,
  module: string,
  attribute: string | undefined,
  choice: Interface | "auto",
  program: ProgramWatch | undefined,
  onLong: () => void,
): Promise<Asgi3> {
  const long = setTimeout(onLong, LONG_IMPORT).unref();
  const imported = importModule(url, module);
  // An error of the code behind a program's `await bot.start()` is uncaught, as it would be under Node.js.
  const rethrow = ({ cause }: Error) => Promise.reject(cause);
  void program?.launched.then(
    () => imported.catch(rethrow),
    () => {},
  );
  const begun = program === undefined ? imported : Promise.race([imported, program.launched]);
  const namespace = await begun.finally(() => clearTimeout(long));
  // A program that awaits its bot's end is never imported.
  if (typeof namespace === "function") return namespace;
  if (program?.library !== undefined && isProgram(namespace, attribute)) {
    return program.launch(module, [...Object.values(namespace), ...Object.values(Object(namespace.default))]);
  }
  if (attribute !== undefined) {
    const bot = program?.exported(valueAt(namespace, attribute, module));
    if (bot !== undefined) return bot;
  }
  program?.leave();
  const { name, value } = pick(namespace, attribute, module);
  if (typeof value !== "function") {
    throw new ApplicationLoadError(
      `${name} in ${module} is ${kindOfValue(value)}: an application is a function (scope, receive, send)`,
    );
  }
  const application = value as Callable;
  if ((choice === "auto" ? interfaceOf(application) : choice) === "asgi2") return fromAsgi2(application);
  if (isClass(application)) {
    throw new ApplicationLoadError(
      `${name} in ${module} is a class: an ASGI 3 application is a function, a class is ASGI 2`,
    );
  }
  return application as Asgi3;
}

/** True for the exports of a file that has loaded a bot library: a function that it exports by default is a webhook's. */
function isProgram(namespace: Record<string, unknown>, attribute: string | undefined): boolean {
  return attribute === undefined && (namespace.application ?? member(namespace.default, "application")) === undefined;
}

/** Splits at the last colon, unless it belongs to the module: to a drive (`C:\…`) or a URL (`file:///…`). */
function parse(importString: string): { module: string; attribute: string | undefined } {
  const match = /^(.{2,}):([^/\\]*)$/s.exec(importString);
  if (match === null) return { module: importString, attribute: undefined };
  const [, module, attribute] = match as unknown as [string, string, string];
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$_.]*$/u.test(attribute)) {
    throw new ApplicationLoadError(
      `"${importString}": after the colon comes the name of an export (app.ts:application), not "${attribute}"`,
    );
  }
  return { module, attribute };
}

/** The URL to import. */
function locate(module: string, directory: string): string {
  const isUrl = module.startsWith("file:");
  const path = isUrl ? fileURLToPath(module) : resolve(directory, module);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return pathToFileURL(path).href;
  if (isUrl || FILE.test(module) || isAbsolute(module) || module.startsWith(".")) {
    throw new ApplicationLoadError(
      found?.isDirectory() ? `${path} is a directory, not a file` : `no such file: ${path}`,
    );
  }
  const tried = EXTENSIONS.map((extension) => join(directory, ...module.split(".")) + extension);
  const dotted = tried.find((candidate) => existsSync(candidate));
  return dotted === undefined ? locatePackage(module, directory, tried[0]!) : pathToFileURL(dotted).href;
}

/** The URL to which `import` resolves the module in a file of that directory. */
function locatePackage(module: string, directory: string, tried: string): string {
  try {
    return resolveFrom(directory, module);
  } catch (cause) {
    throw new ApplicationLoadError(
      (cause as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED"
        ? `the package of "${module}" does not export that path for import`
        : `cannot find "${module}": no file ${tried} (nor .mts, .js, .mjs, .cjs), and no package of that name is installed in ${directory}`,
      { cause },
    );
  }
}

/** Imports the modules of --import. @throws ApplicationLoadError */
export async function importAll(urls: readonly string[]): Promise<void> {
  for (const url of urls) await importModule(url, url);
}

async function importModule(url: string, module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    if ((cause as { url?: unknown } | undefined)?.url === url) {
      throw new ApplicationLoadError(`cannot find "${module}": no such file: ${fileURLToPath(url)}`, { cause });
    }
    throw new ApplicationLoadError(`${module} could not be imported: ${reasonOf(cause, module)}`, { cause });
  }
}

/** Under older versions of Node.js tsx does nothing in threads. */
const NEEDED_BY_TSX = Number.parseInt(process.versions.node, 10) < 24 ? " under Node.js 24" : "";
/** For TypeScript that its author runs with another tool. */
const REMEDY = `run it with --import tsx${NEEDED_BY_TSX}, or run the compiled file`;

const MISSING_PATH = /^Cannot find module '(\.{1,2}\/[^']*)'/;

/** True for a file that bundlers and TypeScript's other runners find: `./greeting` or `./greeting.js` for `./greeting.ts`. */
function isFoundByTools(cause: unknown): boolean {
  const { url, requireStack: [parent] = [], message } = cause as Error & { url?: string; requireStack?: string[] };
  const [, required] = MISSING_PATH.exec(message) ?? [];
  const isRequired = required !== undefined && parent !== undefined;
  const path = isRequired ? resolve(dirname(parent), required) : url?.startsWith("file:") && fileURLToPath(url);
  if (!path) return false;
  return (
    existsSync(path.replace(/\.([cm]?)jsx?$/, ".$1ts")) || EXTENSIONS.some((extension) => existsSync(path + extension))
  );
}

/** The remedy for a module that is missing; empty if it is just missing. */
function missingRemedy(cause: unknown): string {
  if (isFoundByTools(cause)) return `\nNode.js imports a file by its full name only: ${REMEDY}`;
  const isAlias = /^Cannot find package '[@~]\//.test((cause as Error).message);
  return isAlias ? `\nNode.js does not read the "paths" of a tsconfig.json: ${REMEDY}` : "";
}

/** The reason for which a module could not be imported, and the remedy. */
export function reasonOf(cause: unknown, module: string): string {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  const isTypeScript = /\.[cm]?ts$/.test(module);
  switch (code) {
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return `${message}\nNode.js runs TypeScript by removing the types; enums, namespaces and parameter properties must be written as plain JavaScript, or ${REMEDY}`;
    case "ERR_INVALID_TYPESCRIPT_SYNTAX":
      return `it is not valid TypeScript: ${message}`;
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "Node.js does not run TypeScript inside node_modules; publish that package as JavaScript";
    case "ERR_MODULE_NOT_FOUND":
    case "MODULE_NOT_FOUND":
      return `a module that it imports is missing: ${message}${missingRemedy(cause)}`;
    case "ERR_UNSUPPORTED_DIR_IMPORT":
    case "ERR_IMPORT_ATTRIBUTE_MISSING":
      return `${message}\nNode.js does not import that by itself: ${REMEDY}`;
  }
  if (cause instanceof SyntaxError) {
    if (/import statement outside a module|Unexpected token 'export'/.test(cause.message)) {
      const otherwise = isTypeScript ? `; or ${REMEDY}` : "";
      return `it uses import and export, but is CommonJS by its name (.cjs, .cts) or its package.json ("type": "commonjs"); set "type": "module" there, or name the file .mts or .mjs${otherwise}`;
    }
    // A package in CommonJS has the second message, and further lines that are no help with a type.
    if (/does not provide an export named|^Named export '.+' not found/.test(cause.message)) {
      const [line] = cause.message.split(/\.?(?:\n|$)/);
      return `${line}; if that is a type, import it with "import type", or ${REMEDY}`;
    }
    if (isTypeScript && /^Invalid or unexpected token/.test(cause.message)) {
      return `it threw ${cause.name}: ${message}\nif it has decorators, Node.js does not run them: ${REMEDY}`;
    }
  }
  const thrown = `it threw ${cause instanceof Error ? `${cause.name}: ${message}` : inspect(cause)}`;
  const remedy = isMainThread ? undefined : threadRemedy(cause);
  return remedy === undefined ? thrown : `${thrown}\n${remedy}`;
}

/** Picks the export. Without a name: `application`, then the default export. */
function pick(
  namespace: Record<string, unknown>,
  attribute: string | undefined,
  module: string,
): { name: string; value: unknown } {
  if (attribute !== undefined) return { name: `"${attribute}"`, value: valueAt(namespace, attribute, module) };
  const named = namespace.application ?? member(namespace.default, "application");
  if (named !== undefined) return { name: '"application"', value: named };
  if (namespace.default !== undefined && !isBag(namespace.default)) {
    return { name: "the default export", value: namespace.default };
  }
  throw new ApplicationLoadError(
    `${module} exports neither "application" nor a default${exportsOf(namespace)}; name one: ${module}:name`,
  );
}

function valueAt(namespace: Record<string, unknown>, path: string, module: string): unknown {
  let value: unknown = namespace;
  for (const name of path.split(".")) {
    const owner = [value, member(value, "default")].find((candidate) => hasMember(candidate, name));
    if (owner === undefined) throw noSuchExport(namespace, path, module);
    value = member(owner, name);
  }
  return value;
}

function member(owner: unknown, name: string): unknown {
  return owner === null || owner === undefined ? undefined : (owner as Record<string, unknown>)[name];
}

function hasMember(owner: unknown, name: string): boolean {
  return owner !== null && owner !== undefined && name in Object(owner);
}

/** True for a plain object: as a default export it is `module.exports` of CommonJS, so a list of exports. */
function isBag(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function noSuchExport(namespace: Record<string, unknown>, attribute: string, module: string): ApplicationLoadError {
  const guess = nearest(attribute, namesIn(namespace));
  return new ApplicationLoadError(
    `${module} has no export "${attribute}"${guess ? `; did you mean "${guess}"?` : ""}${exportsOf(namespace)}`,
  );
}

function exportsOf(namespace: Record<string, unknown>): string {
  const names = namesIn(namespace);
  return names.length === 0 ? " (it exports nothing)" : ` (it exports ${names.join(", ")})`;
}

function namesIn({ default: byDefault, ...named }: Record<string, unknown>): string[] {
  const names = Object.keys(named).filter((name) => name !== "module.exports");
  if (byDefault === undefined) return names;
  return isBag(byDefault) ? [...new Set([...names, ...Object.keys(byDefault)])] : [...names, "default"];
}

/**
 * The ASGI version of an application: an explicit marker (`application.asgi = "asgi2"`) comes first; then a class is 2,
 * an async function is 3, and another function with one parameter is 2.
 */
function interfaceOf(application: Callable & { asgi?: unknown }): Interface {
  if (application.asgi === "asgi2" || application.asgi === "asgi3") return application.asgi;
  if (isClass(application)) return "asgi2";
  if (Object.prototype.toString.call(application) === "[object AsyncFunction]") return "asgi3";
  return application.length === 1 ? "asgi2" : "asgi3";
}

function isClass(value: Callable): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** Wraps an ASGI 2 application: a function of the scope that returns the coroutine, or a class with a method `call`. */
function fromAsgi2(application: Callable): Asgi3 {
  return (scope, receive, send) => {
    const instance = isClass(application)
      ? new (application as unknown as new (scope: object) => unknown)(scope)
      : application(scope);
    const coroutine = typeof instance === "function" ? instance : (instance as { call?: unknown } | undefined)?.call;
    if (typeof coroutine !== "function") {
      throw new TypeError(
        `an ASGI 2 application must return a function (receive, send) or an object with call(receive, send), not ${kindOfValue(instance)}`,
      );
    }
    return coroutine.call(instance, receive, send);
  };
}
