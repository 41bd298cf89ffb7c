/**
 * A call's parameters as values, for the call log. Over HTTP a number may be a string, and an object JSON text: clients differ. Nothing is
 * refused here: a value that is not of its parameter's type stays as it came.
 */

import { type MethodSchema, methodSchema } from "../schemas.ts";
import { isUpload, type UploadedFile } from "../state/files.ts";
import type { RawParameters } from "./validation.ts";

/** @param method in any case, known or not */
export function parameterValues(method: string, raw: RawParameters): Record<string, unknown> {
  const types = typesOf(methodSchema(method));
  const attached = new Set<string>();
  const read = (type: string | undefined, given: unknown): unknown => {
    switch (type) {
      case "number":
      case "id":
        return asNumber(given);
      case "boolean":
        return WORDS.get(String(given).toLowerCase()) ?? given;
      case "array":
      case "object":
        return withFiles(asJson(given));
      default:
        return withFiles(given);
    }
  };
  const withFiles = (value: unknown): unknown => {
    if (typeof value === "string") {
      const part = /^attach:\/\/(.+)$/.exec(value)?.[1];
      if (part === undefined || !isUpload(raw[part])) return value;
      attached.add(part);
      return described(raw[part]);
    }
    if (typeof value !== "object" || value === null) return value;
    if (isUpload(value)) return described(value);
    if (Array.isArray(value)) return value.map(withFiles);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withFiles(item)]));
  };
  const values = Object.entries(raw).flatMap(([name, given]) =>
    given === undefined || given === null ? [] : [[name, read(types.get(name), given)] as const],
  );
  return Object.fromEntries(values.filter(([name]) => !attached.has(name)));
}

const NONE: ReadonlyMap<string, string> = new Map();
const TYPES = new WeakMap<MethodSchema, ReadonlyMap<string, string>>();

function typesOf(schema: MethodSchema | undefined): ReadonlyMap<string, string> {
  if (schema === undefined) return NONE;
  const known = TYPES.get(schema);
  if (known !== undefined) return known;
  const types = new Map(schema.parameters.map(({ name, type }) => [name, type]));
  TYPES.set(schema, types);
  return types;
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

function asNumber(given: unknown): unknown {
  return typeof given === "string" && /^-?\d+(?:\.\d+)?$/.test(given) ? Number(given) : given;
}

function asJson(given: unknown): unknown {
  if (typeof given !== "string") return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

const described = ({ bytes, ...upload }: UploadedFile) => ({ ...upload, size: bytes.length });
