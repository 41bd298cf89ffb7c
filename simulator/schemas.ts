/** Parses the generated table: schema.ts keeps each method and object as one string. */

import { METHOD_SCHEMAS, OBJECT_SCHEMAS } from "./schema.ts";

export interface FieldSchema {
  name: string;
  required: boolean;
  /** Of a parameter: `string`, `number`, `boolean`, `id`, `file`, `array`, `object`. Of an object's field: any type. */
  type: string;
}

export interface MethodSchema {
  name: string;
  parameters: readonly FieldSchema[];
  result: string;
}

/** An interface has fields, a union has alternatives. */
export interface ObjectSchema {
  fields: readonly FieldSchema[];
  alternatives: readonly string[] | undefined;
}

const BY_LOWER_CASE = new Map(Object.keys(METHOD_SCHEMAS).map((name) => [name.toLowerCase(), name]));
const methods = new Map<string, MethodSchema>();
const objects = new Map<string, ObjectSchema>();

/** Method names are case-insensitive, https://core.telegram.org/bots/api#making-requests */
export function methodSchema(name: string): MethodSchema | undefined {
  const known = methods.get(name);
  if (known !== undefined) return known;
  const canonical = BY_LOWER_CASE.get(name.toLowerCase());
  if (canonical === undefined) return undefined;
  const [parameters, result] = METHOD_SCHEMAS[canonical as keyof typeof METHOD_SCHEMAS];
  const schema = { name: canonical, parameters: fieldsIn(parameters), result };
  methods.set(canonical, schema);
  return schema;
}

export function objectSchema(name: string): ObjectSchema | undefined {
  const known = objects.get(name);
  if (known !== undefined) return known;
  const text = OBJECT_SCHEMAS[name];
  if (text === undefined) return undefined;
  const isInterface = /^\w+\??:/.test(text) || text === "";
  const schema = isInterface
    ? { fields: fieldsIn(text), alternatives: undefined }
    : { fields: [], alternatives: text.split(" | ") };
  objects.set(name, schema);
  return schema;
}

function fieldsIn(text: string): FieldSchema[] {
  return [...text.matchAll(/(\w+)(\??):(\S+)/g)].map(([, name, optional, type]) => ({
    name: name!,
    required: optional === "",
    type: type!,
  }));
}
