/** Methods that may be carried out twice without a difference: they read, or set something to a value. */

const REPEATABLE = /^(?:get|set|edit|delete|answer|download)/;

export function isRepeatable(method: string): boolean {
  return REPEATABLE.test(method);
}
