/**
 * Writes src/simulator/schema.ts: the parameters and the result of each Bot API method, and the objects that results are made
 * of. Made from `@gramio/types`, which is itself generated from the Bot API reference and therefore regular enough to be read
 * by line.
 *
 *   node scripts/generate-simulator-schema.ts            writes the file
 *   node scripts/generate-simulator-schema.ts --check    fails if the file is not what would be written
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TARGET = fileURLToPath(new URL("../src/simulator/schema.ts", import.meta.url));

const source = (name: string) =>
  readFileSync(new URL(`../node_modules/@gramio/types/out/${name}.d.ts`, import.meta.url), "utf8");

// ---- reading the declarations ---------------------------------------------------------------------------------------

interface Field {
  name: string;
  required: boolean;
  type: string;
}

/** `Objects.TelegramUser[]` -> `User[]`, on one line. */
const plain = (type: string) =>
  type
    .replaceAll(/Objects\.|Params\.|\bTelegram(?=[A-Z])|;$/g, "")
    .replaceAll(/\s+/g, " ")
    .replace(/^[ |]+/, "")
    .trim();

function fieldsIn(body: string): Field[] {
  const fields = body.matchAll(/^ {4}(\w+)(\??):((?:.|\n(?! {4}\w+\??:))*)/gm);
  return [...fields].map(([, name, optional, type]) => ({
    name: name!,
    required: optional === "",
    type: plain(type!.trim()),
  }));
}

/** The interfaces and the type aliases of one declaration file. */
function declarations(text: string) {
  const code = text.replaceAll(/\/\*\*.*?\*\//gs, "");
  const interfaces = code.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms);
  const aliases = code.matchAll(/^export type (\w+) =(.*?)(?=\n\n|\nexport)/gms);
  return {
    interfaces: new Map([...interfaces].map(([, name, body]) => [plain(name!), fieldsIn(body!)])),
    aliases: new Map([...aliases].map(([, name, type]) => [plain(name!), plain(type!)])),
  };
}

const methods = source("methods");
const version = /Based on Bot API v([\d.]+)/.exec(methods)![1];
const params = declarations(source("params"));
const objects = declarations(source("objects"));
const aliasOf = (name: string) => params.aliases.get(name) ?? objects.aliases.get(name);

// ---- parameters: six simple types -----------------------------------------------------------------------------------

function parameterType(type: string): string {
  if (/\[\]$/.test(type)) return "array";
  if (/\bInputFile\b/.test(type)) return "file";
  if (type === "number | string") return "id";
  const alias = aliasOf(type) ?? type;
  if (/^(boolean|true|false)\b/.test(alias)) return "boolean";
  if (/^(number\b|\d)/.test(alias)) return "number";
  if (/^(string\b|")/.test(alias)) return "string";
  return "object";
}

const resultTypes = new Set<string>();

const methodRows = [...methods.matchAll(/^ {4}(\w+): CallAPI(\w*)<([^;]*?)>\n(?= {4}\/|\})/gms)].map(
  ([, name, , types]) => {
    const reference = /Params\.(\w+)/.exec(types!)?.[1];
    const fields = reference === undefined ? [] : params.interfaces.get(reference)!;
    const result = plain(types!.replace(/Params\.\w+,/, ""));
    resultTypes.add(result);
    const takes = fields.map((field) => `${field.name}${field.required ? "" : "?"}:${parameterType(field.type)}`);
    return `  ${name}: [${JSON.stringify(takes.join(" "))}, ${JSON.stringify(result)}],`;
  },
);

// ---- objects: what results need -------------------------------------------------------------------------------------

/** The Message's content that a `send` method puts in: `sendVideoNote` -> `video_note`. */
const contents = new Set(
  methodRows.flatMap(
    (row) =>
      /^ {2}send(\w+):/
        .exec(row)?.[1]
        ?.replaceAll(/\B[A-Z]/g, "_$&")
        .toLowerCase() ?? [],
  ),
);

const isSimple = (type: string) => /^(string|number|boolean|true)$/.test(aliasOf(type) ?? type);
const names = (type: string) => type.replaceAll(/"[^"]*"/g, "").match(/[A-Z]\w+/g) ?? [];

/** Required fields are always of use; optional ones only where a parameter can be echoed in them. */
function kept(object: string, field: Field): boolean {
  return field.required || isSimple(field.type) || (object === "Message" && contents.has(field.name));
}

const objectRows = new Map<string, string>();

function addObject(name: string): void {
  if (objectRows.has(name)) return;
  const alias = objects.aliases.get(name);
  const fields = (objects.interfaces.get(name) ?? []).filter((field) => kept(name, field));
  objectRows.set(
    name,
    alias ??
      fields.map(({ name, required, type }) => `${name}${required ? "" : "?"}:${type.replaceAll(" ", "")}`).join(" "),
  );
  for (const used of alias === undefined ? fields.flatMap((field) => names(field.type)) : names(alias)) addObject(used);
}

for (const type of resultTypes) for (const name of names(type)) if (name !== "Update") addObject(name);

const quote = (text: string) => (text.includes('"') ? `'${text}'` : `"${text}"`);

const text = `// Generated by scripts/generate-simulator-schema.ts from @gramio/types ${version}. Do not edit.

/** Of each method: its parameters, as \`name:type\` and \`name?:type\`, and the type of its result. */
export const METHOD_SCHEMAS = {
${methodRows.join("\n")}
} as const satisfies Record<string, readonly [string, string]>;

/** The objects in those results: the fields of an interface, or the alternatives of a union. */
export const OBJECT_SCHEMAS: Readonly<Record<string, string>> = {
${[...objectRows].map(([name, row]) => `  ${name}: ${quote(row)},`).join("\n")}
};
`;

const formatted = execFileSync("npx", ["biome", "format", "--stdin-file-path=src/simulator/schema.ts"], {
  input: text,
  encoding: "utf8",
});

if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") !== formatted) {
    console.error("src/simulator/schema.ts is not up to date: run `npm run generate`.");
    process.exitCode = 1;
  }
} else {
  writeFileSync(TARGET, formatted);
  console.log(`${methodRows.length} methods and ${objectRows.size} objects of Bot API ${version}`);
}
