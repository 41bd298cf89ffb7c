/**
 * Fields of a structure in JSON, and refusals of wrong ones in td's words (`JsonObject` in JsonBuilder.cpp). To td a field with null is
 * there, and of the wrong type.
 */

import { badRequest } from "./refusal.ts";

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Empty if the field is missing. @throws Refusal (400) */
export function optionalString(object: Json, name: string): string {
  const value = object[name];
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw badRequest(`Field "${name}" must be of type String`);
}

/** @throws Refusal (400) */
export function requiredString(object: Json, name: string): string {
  requireField(object, name);
  return optionalString(object, name);
}

/** @throws Refusal (400) */
export function requiredNumber(object: Json, name: string): number {
  requireField(object, name);
  const value = object[name];
  if (typeof value === "number") return value;
  throw badRequest(`Field "${name}" must be of type Number`);
}

/** A number, or a text that is one. @throws Refusal (400) */
export function requiredInteger(object: Json, name: string): number {
  requireField(object, name);
  const value = object[name];
  if (typeof value !== "number" && typeof value !== "string") throw badRequest(`Field "${name}" must be a Number`);
  if (!/^-?\d+$/.test(String(value))) throw badRequest(`Field "${name}" must be a valid Number`);
  return Number(value);
}

/** @throws Refusal (400) */
export function requiredObject(object: Json, name: string): Json {
  requireField(object, name);
  const value = object[name];
  if (isObject(value)) return value;
  throw badRequest(`Field "${name}" must be of type Object`);
}

/** Undefined if the field is missing. @throws Refusal (400) */
export function optionalArray(object: Json, name: string): readonly unknown[] | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value;
  throw badRequest(`Field "${name}" must be of type Array`);
}

function requireField(object: Json, name: string): void {
  if (object[name] === undefined) throw badRequest(`Can't find field "${name}"`);
}
