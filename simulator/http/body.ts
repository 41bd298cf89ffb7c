/** Reads parameters as the real server does: from the query string, and from a body in one of three formats. */

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

async function readForm(request: Request): Promise<RawParameters> {
  const form = await request.formData().catch((error: Error) => {
    throw badRequest(`can't parse multipart form: ${error.message}`);
  });
  const values: Record<string, string | UploadedFile> = {};
  for (const [name, value] of form) {
    values[name] =
      typeof value === "string"
        ? value
        : { name: value.name, type: value.type, bytes: new Uint8Array(await value.arrayBuffer()) };
  }
  return values;
}
