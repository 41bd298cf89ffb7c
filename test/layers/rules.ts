/** The rules of the house (CONTRIBUTING.md), and what in a tree of files breaks them. */

import { dirname, join } from "node:path/posix";
import { importsOf, readSource } from "./source.ts";

/** The text of each file, by its path from the top of the repository. */
export type Tree = ReadonlyMap<string, string>;

const STAGES = ["config", "telegram", "inbox", "dispatch", "threads", "sends", "observe"];

/** What each layer may import beside its own files. A folder of `src` is a layer, and so is a file beside the folders. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  ...Object.fromEntries(STAGES.map((stage) => [stage, ["protocol"]])),
  workers: ["protocol"],
  simulator: ["protocol"],
  bridges: ["protocol"],
  deliveries: ["protocol", ...STAGES],
  workforce: ["protocol", ...STAGES, "deliveries"],
  server: ["protocol", ...STAGES, "deliveries", "workforce"],
  index: ["protocol", "config", "server"],
  cli: ["protocol", ...STAGES, "server", "simulator"],
};

/** The package by its own name. */
const OURSELVES: Record<string, string> = {
  asgigram: "src/index.ts",
  "asgigram/diagnostics": "src/observe/channels.ts",
  "asgigram/simulator": "simulator/index.ts",
};

/** Files that import what users name. */
const IMPORT_WHAT_USERS_NAME = ["src/config/file.ts", "workers/loader.ts"];

/** Files that may end the process, read its arguments or listen to its signals, and what they may do of it. */
const MAY_TOUCH_THE_PROCESS: Record<string, RegExp> = {
  "src/cli/bin.ts": /./,
  "src/cli/context.ts": /^argv$/,
  "src/cli/serving-process.ts": /^exit$/,
  // A thread's own: there process.exit() ends the thread alone.
  "workers/reporter.ts": /^(?:exit|on (?:exit|uncaughtException|unhandledRejection))$/,
};

/** All that is wrong, in words. */
export function problemsIn(tree: Tree): string[] {
  const files = [...tree].map(([path, text]) => ({ path, text, imports: importedFiles(path, text) }));
  return [
    ...files.flatMap(({ path, text, imports }) => [
      ...imports.flatMap(({ file }) => foreign(path, file, tree)),
      ...hiddenImports(path, text),
      ...deeds(path, text),
    ]),
    ...circles(files),
  ];
}

/**
 * The files that have no test of their own, and the exceptions that are none.
 * @param exceptions files, and folders with a `/` at their end
 */
export function untested(
  sources: readonly string[],
  tests: readonly string[],
  exceptions: readonly string[],
): string[] {
  const lacking = sources.filter((path) => !tests.includes(testOf(path)));
  const isExcepted = (path: string, by: string) => path === by || (by.endsWith("/") && path.startsWith(by));
  const unexcused = lacking.filter((path) => !exceptions.some((by) => isExcepted(path, by)));
  const stale = exceptions.filter((by) => !lacking.some((path) => isExcepted(path, by)));
  return [
    ...unexcused.map((path) => `${path} has no ${testOf(path)}`),
    ...stale.map((path) => `${path} needs no exception: it is gone, or has its test`),
  ];
}

function testOf(path: string): string {
  return path.replace(/^(?:src\/)?/, "test/").replace(/\.ts$/, ".test.ts");
}

function layerOf(path: string): string {
  const [, top] = /^(?:src\/)?([^/.]+)/.exec(path)!;
  return top!;
}

interface ImportedFile {
  readonly file: string;
  readonly isType: boolean;
}

function importedFiles(path: string, text: string): ImportedFile[] {
  return importsOf(text).named.flatMap(({ specifier, isType }) => {
    const file = specifier.startsWith(".") ? join(dirname(path), specifier) : OURSELVES[specifier];
    return file === undefined ? [] : [{ file, isType }];
  });
}

function foreign(path: string, file: string, tree: Tree): string[] {
  const [layer, other] = [layerOf(path), layerOf(file)];
  const allowed = MAY_IMPORT[layer];
  if (!tree.has(file)) return [`${path} imports ${file}, which is not there`];
  if (allowed === undefined) return [`${path}: "${layer}" is no layer; say in test/layers/rules.ts what it may import`];
  if (other === layer || allowed.includes(other)) return [];
  return [`${path} imports ${file}, but ${layer} may not import ${other}`];
}

function hiddenImports(path: string, text: string): string[] {
  const isHidden = importsOf(text).isOpen && !IMPORT_WHAT_USERS_NAME.includes(path);
  return isHidden ? [`${path} imports what cannot be told before it runs`] : [];
}

const TOUCH = /\bprocess\s*\??\.\s*(argv|exit|exitCode|kill|abort|on|once|addListener)\b(?:\s*\(\s*(?:"(\d+)")?)?/g;
const TAKE_APART = /[}]\s*=\s*(?:globalThis\s*\.\s*)?process\b(?!\s*\??\.)|\bprocess\s*(?:\?\.\s*)?\[\s*"/;

/** What a file does that only few may do. */
function deeds(path: string, text: string): string[] {
  const { code, strings } = readSource(text);
  const may = MAY_TOUCH_THE_PROCESS[path];
  const touched = [...code.matchAll(TOUCH)].map(([, name, string]) =>
    /^(?:on|once|addListener)$/.test(name!) ? `on ${strings[Number(string)] ?? "?"}` : name!,
  );
  const problems = touched.filter((deed) => !may?.test(deed)).map((deed) => `${path} touches the process: ${deed}`);
  const isImported = importsOf(text).named.some(({ specifier }) => /^(?:node:)?process$/.test(specifier));
  if ((isImported || TAKE_APART.test(code)) && may === undefined) problems.push(`${path} takes the process apart`);
  return problems;
}

/** Circles of imports that are there at run time, each once. */
function circles(files: readonly { path: string; imports: readonly ImportedFile[] }[]): string[] {
  const graph = new Map(files.map(({ path, imports }) => [path, imports.filter(({ isType }) => !isType)]));
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      const circle = trail.slice(trail.indexOf(path));
      const first = circle.indexOf([...circle].sort()[0]!);
      found.add([...circle.slice(first), ...circle.slice(0, first + 1)].join(" -> "));
    } else if (!done.has(path)) {
      for (const { file } of graph.get(path) ?? []) visit(file, [...trail, path]);
      done.add(path);
    }
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found].map((circle) => `a circle: ${circle}`);
}
