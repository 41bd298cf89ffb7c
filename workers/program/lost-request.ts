/** The error that node-fetch has for a request without an answer. */

export type NodeFetchError = new (message: string, type: string, system: { readonly code: string }) => Error;

export function lostRequest(FetchError: NodeFetchError, method: string, { message }: Error): Error {
  return new FetchError(`request to ${method} failed, reason: ${message}`, "system", { code: "ECONNRESET" });
}
