/**
 * From an import string to an ASGI 3 application. Three ways to name a module, and for each way to get it wrong a message
 * of its own.
 *
 *   path/to/app.ts:export.name      a file, relative to the directory the server was started in
 *   some-package:export.name        a package, as import would find it there
 *   your_project.asgi:application   dotted, as in Python: ./your_project/asgi.{ts,mts,js,mjs,cjs}
 */

import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { ApplicationLoadError } from "../src/protocol/errors.ts";
import { nearest } from "../src/protocol/nearest.ts";
import { kindOfValue } from "./plain-data.ts";

type Receive = () => Promise<unknown>;
type Send = (event: unknown) => Promise<unknown>;

/** What every form of application is made into. It may still throw where it should reject. */
export type Asgi3 = (scope: object, receive: Receive, send: Send) => unknown;

/** An application that has been given its scope. */
export type Coroutine = (receive: Receive, send: Send) => unknown;

type Callable = (...args: unknown[]) => unknown;

export type Interface = "asgi2" | "asgi3";

const EXTENSIONS = [".ts", ".mts", ".js", ".mjs", ".cjs"];
const FILE = /\.[cm]?[jt]s$/;

/** @throws ApplicationLoadError */
export async function loadApplication(
  importString: string,
  directory: string,
  choice: Interface | "auto",
): Promise<Asgi3> {
  const { module, attribute } = parse(importString);
  const namespace = await importModule(locate(module, directory), module);
  const application = pick(namespace, attribute, module);
  if (typeof application !== "function") {
    throw new ApplicationLoadError(
      `"${attribute ?? "application"}" in ${module} is ${kindOfValue(application)}: an application is a function (scope, receive, send)`,
    );
  }
  return (choice === "auto" ? interfaceOf(application as Callable) : choice) === "asgi3"
    ? (application as Asgi3)
    : fromAsgi2(application as Callable);
}

/** Splits at the last colon that is no part of the module: not a drive's (`C:\…`), nor a scheme's (`node:`, `file:`). */
function parse(importString: string): { module: string; attribute: string | undefined } {
  const match = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$_.]*)$/u.exec(importString);
  if (match === null || /^[a-z]$/i.test(match[1]!)) return { module: importString, attribute: undefined };
  return { module: match[1]!, attribute: match[2]! };
}

/** The URL to import. */
function locate(module: string, directory: string): string {
  if (module.startsWith("file:")) return module;
  const path = resolve(directory, module);
  if (existsSync(path) && statSync(path).isFile()) return pathToFileURL(path).href;
  if (FILE.test(module) || isAbsolute(module) || module.startsWith(".")) {
    throw new ApplicationLoadError(`no such file: ${path}`);
  }
  const tried = EXTENSIONS.map((extension) => join(directory, ...module.split(".")) + extension);
  const dotted = tried.find((candidate) => existsSync(candidate));
  if (dotted !== undefined) return pathToFileURL(dotted).href;
  try {
    return pathToFileURL(createRequire(join(directory, "noop.js")).resolve(module)).href;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return resolveAsImport(module, directory, cause);
    throw new ApplicationLoadError(
      `cannot find "${module}": no file ${tried[0]} (nor .mts, .js, .mjs, .cjs), and no package of that name is installed in ${directory}`,
      { cause },
    );
  }
}

/** Packages whose `exports` offer no entry to require() have one for import. */
function resolveAsImport(module: string, directory: string, cause: unknown): string {
  try {
    return import.meta.resolve(module, pathToFileURL(join(directory, "noop.js")).href);
  } catch {
    throw new ApplicationLoadError(`the package "${module}" exports nothing that can be imported`, { cause });
  }
}

async function importModule(url: string, module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw new ApplicationLoadError(`${module} could not be imported: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  switch (code) {
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return `${message}\nNode.js runs TypeScript by removing the types; enums, namespaces and parameter properties must be written as plain JavaScript, or the file compiled first`;
    case "ERR_INVALID_TYPESCRIPT_SYNTAX":
      return `it is not valid TypeScript: ${message}`;
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "Node.js does not run TypeScript inside node_modules; publish that package as JavaScript";
    case "ERR_MODULE_NOT_FOUND":
      return `something that it imports is missing: ${message}`;
  }
  if (
    cause instanceof SyntaxError &&
    /import statement outside a module|Unexpected token 'export'/.test(message ?? "")
  ) {
    return `it uses import and export, but its package.json says "type": "commonjs"; say "type": "module" there, or name the file .mts or .mjs`;
  }
  return `it threw ${cause instanceof Error ? `${cause.name}: ${message}` : inspect(cause)}`;
}

/** Without a name: `application`, then the default export. */
function pick(namespace: Record<string, unknown>, attribute: string | undefined, module: string): unknown {
  if (attribute !== undefined) {
    let value: unknown = namespace;
    for (const name of attribute.split(".")) {
      value = member(value, name) ?? member((value as { default?: unknown })?.default, name);
      if (value === undefined) throw noSuchExport(namespace, attribute, module);
    }
    return value;
  }
  const value = namespace.application ?? member(namespace.default, "application") ?? namespace.default;
  if (value === undefined) {
    throw new ApplicationLoadError(
      `${module} exports neither "application" nor a default${exportsOf(namespace)}; name one: ${module}:name`,
    );
  }
  return value;
}

function member(owner: unknown, name: string): unknown {
  return owner === null || owner === undefined ? undefined : (owner as Record<string, unknown>)[name];
}

function noSuchExport(namespace: Record<string, unknown>, attribute: string, module: string): ApplicationLoadError {
  const guess = nearest(attribute, Object.keys(namespace));
  return new ApplicationLoadError(
    `${module} has no export "${attribute}"${guess ? `; did you mean "${guess}"?` : ""}${exportsOf(namespace)}`,
  );
}

function exportsOf(namespace: Record<string, unknown>): string {
  const names = Object.keys(namespace).filter((name) => name !== "module.exports");
  return names.length === 0 ? " (it exports nothing)" : ` (it exports ${names.join(", ")})`;
}

/**
 * Which ASGI an application speaks: an explicit marker (`application.asgi = "asgi2"`) first, then a class is 2, an async
 * function is 3, and for other functions the number of parameters tells.
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

/** ASGI 2: called with the scope, gives the coroutine; as a class, an object with `call`. */
function fromAsgi2(application: Callable): Asgi3 {
  return async (scope, receive, send) => {
    const instance = isClass(application)
      ? new (application as unknown as new (scope: object) => unknown)(scope)
      : application(scope);
    const coroutine = typeof instance === "function" ? instance : (instance as { call?: unknown } | undefined)?.call;
    if (typeof coroutine !== "function") {
      throw new TypeError(
        `an ASGI 2 application must give a function (receive, send) or an object with call(receive, send), not ${kindOfValue(instance)}`,
      );
    }
    await coroutine.call(instance, receive, send);
  };
}
