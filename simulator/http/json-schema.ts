/** The part of JSON Schema that describes the actions' parameters and results. */

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly $ref?: string;
  readonly const?: boolean;
}

export const text: JsonSchema = { type: "string" };
export const integer: JsonSchema = { type: "integer" };
export const number: JsonSchema = { type: "number" };
export const flag: JsonSchema = { type: "boolean" };
export const yes: JsonSchema = { type: "boolean", const: true };
export const oneOf = (...values: string[]): JsonSchema => ({ type: "string", enum: values });
export const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });
export const described = (schema: JsonSchema, description: string): JsonSchema => ({ ...schema, description });
/** An object that is described among the components. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const TYPES: { readonly [type: string]: (value: unknown) => boolean } = {
  string: (value) => typeof value === "string",
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  null: (value) => value === null,
};

/** The wanted form of a value that does not have it, in words: `an integer`. Objects are not looked into. */
export function mismatch(value: unknown, { type = "object", enum: values, items }: JsonSchema): string | undefined {
  const types = [type].flat();
  if (!types.some((one) => TYPES[one]!(value))) return types.map(named).join(" or ");
  if (values !== undefined && !values.includes(value as string)) return values.join(", ");
  if (items === undefined || !Array.isArray(value)) return undefined;
  const wrong = value.map((item) => mismatch(item, items)).find(Boolean);
  return wrong && `an array, each element ${wrong}`;
}

const named = (type: string) => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);
