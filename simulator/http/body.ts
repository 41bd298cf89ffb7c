/** Reads parameters as the real server does: from the query string, and from a body in one of three formats. */

import { bytesOf, partsOf } from "../../src/protocol/form-parts.ts";
import { badRequest } from "../api/refusal.ts";
import type { RawParameters } from "../api/validation.ts";
import type { UploadedFile } from "../state/files.ts";

/** https://core.telegram.org/bots/api#making-requests. @throws Refusal (400) if the body does not match its type */
export async function readParameters(request: Request): Promise<RawParameters> {
  const { url, method } = request;
  const question = url.indexOf("?");
  const query = question < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(question + 1)));
  return method === "GET" ? query : { ...query, ...(await readBody(request)) };
}

async function readBody(request: Request): Promise<RawParameters> {
  const type = request.headers.get("content-type")?.toLowerCase() ?? "";
  if (type.startsWith("multipart/form-data")) return await readForm(request);
  const text = await request.text();
  if (text === "") return {};
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  if (type.startsWith("application/json")) return readJson(text);
  return {};
}

function readJson(text: string): RawParameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw badRequest(`can't parse JSON encoded body: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw badRequest("can't parse JSON encoded body: object expected");
  }
  return parsed as RawParameters;
}

async function readForm({ body, headers }: Request): Promise<RawParameters> {
  if (body === null) throw badRequest("the form has no body");
  const values: Record<string, string | UploadedFile> = {};
  try {
    for await (const part of partsOf(body, headers.get("content-type")!)) {
      const { name, filename, type = "application/octet-stream" } = part;
      const bytes = await bytesOf(part.content);
      values[name] = filename === undefined ? `${bytes}` : { name: filename, type, bytes: new Uint8Array(bytes) };
    }
  } catch (error) {
    throw badRequest(`can't parse multipart form: ${(error as Error).message}`);
  }
  return values;
}
