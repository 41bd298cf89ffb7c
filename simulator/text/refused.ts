/** Refusals of broken markup, which name places in bytes of UTF-8. */

import { badRequest } from "../api/refusal.ts";

export const refused = (reason: string) => badRequest(`Can't parse entities: ${reason}`);

export const byteOffset = (text: string, at: number): number => Buffer.byteLength(text.slice(0, at));
