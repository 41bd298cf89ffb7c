/**
 * Writes simulator/schema.ts: the parameters and the result of each Bot API method, and the objects in results. The
 * source, `@gramio/types`, is generated from the Bot API reference and therefore regular enough to be parsed by line.
 *
 *   node scripts/generate-simulator-schema.ts            writes the file
 *   node scripts/generate-simulator-schema.ts --check    fails if the file is not up to date
 */

import { readFileSync } from "node:fs";
import { writeOrCheck } from "./generated-file.ts";

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

// ---- objects in results --------------------------------------------------------------------------------------------

/** The fields of Message that the `send` methods fill: `sendVideoNote` -> `video_note`. */
const contents = new Set(
  methodRows.flatMap(
    (row) =>
      /^ {2}send(\w+):/
        .exec(row)?.[1]
        ?.replaceAll(/\B[A-Z]/g, "_$&")
        .toLowerCase() ?? [],
  ),
);

const isSimple = (type: string) => /^(string|number|boolean|true)(\[\])?$/.test(aliasOf(type) ?? type);
const names = (type: string) => type.replaceAll(/"[^"]*"/g, "").match(/[A-Z]\w+/g) ?? [];

/** Keeps required fields, and optional ones that can hold a parameter's value. */
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

/** Used by the simulator itself. */
const ALSO = ["ChatPermissions", "BusinessBotRights"];

for (const type of [...resultTypes, ...ALSO]) for (const name of names(type)) if (name !== "Update") addObject(name);

const quote = (text: string) => (text.includes('"') ? `'${text}'` : `"${text}"`);

const text = `// Generated by scripts/generate-simulator-schema.ts from @gramio/types ${version}. Do not edit.

/** Each method's parameters, as \`name:type\` or \`name?:type\`, and the type of its result. */
export const METHOD_SCHEMAS = {
${methodRows.join("\n")}
} as const satisfies Record<string, readonly [string, string]>;

/** The objects in these results, and others: the fields of an interface, or the alternatives of a union. */
export const OBJECT_SCHEMAS: Readonly<Record<string, string>> = {
${[...objectRows].map(([name, row]) => `  ${name}: ${quote(row)},`).join("\n")}
};
`;

writeOrCheck(
  "simulator/schema.ts",
  text,
  `${methodRows.length} methods and ${objectRows.size} objects of Bot API ${version}`,
);
