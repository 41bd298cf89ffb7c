/** A dead letter as text and as JSON. */

import type { StoredDeadLetter } from "../../inbox/dead-letters.ts";
import { kindOf, type TelegramObject } from "../../protocol/route.ts";
import { json, printable } from "./printable.ts";

/** Facts about the update; undefined if the update lacks them. */
export interface UpdateSummary {
  /** Undefined if the body is damaged. */
  readonly update: unknown;
  readonly kind: string | undefined;
  readonly scope: string | undefined;
}

export function summaryOf({ body, line }: StoredDeadLetter): UpdateSummary {
  const update = parsed(body);
  const kind = isObject(update) ? kindOf(update) : undefined;
  const payload = kind === undefined ? undefined : (update as TelegramObject)[kind];
  return { update, kind, scope: isObject(payload) ? (line ?? undefined) : undefined };
}

/** The whole dead letter as one line of JSON. */
export function lineOf(letter: StoredDeadLetter): string {
  const { update, kind, scope } = summaryOf(letter);
  const { id, update_id, attempts, reason, log } = letter;
  const [received_at, died_at] = [letter.received_at, letter.died_at].map((time) => new Date(time).toISOString());
  const content = update === undefined ? { text: letter.body } : { update };
  return json({ id, update_id, kind, scope, attempts, reason, log, received_at, died_at, ...content });
}

/** The whole dead letter as text. */
export function pageOf(letter: StoredDeadLetter): string {
  const { update, kind = "of no kind", scope } = summaryOf(letter);
  return [
    `Dead letter ${letter.id}`,
    `  Update    ${letter.update_id ?? "without an id"}, ${printable(kind)}`,
    `  Scope     ${printable(scope ?? "none")}`,
    `  Received  ${localTime(letter.received_at)}`,
    `  Died      ${localTime(letter.died_at)}`,
    `  Attempts  ${letter.attempts}`,
    ...section("Reason", printable(letter.reason)),
    ...section("Last output of the worker", printable(letter.log)),
    ...(update === undefined
      ? section("Stored text, which is not JSON", printable(letter.body))
      : section("Update", json(update, 2))),
  ].join("\n");
}

/** @returns undefined if the body is not JSON */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function section(title: string, text: string): string[] {
  return text === ""
    ? []
    : [
        "",
        title,
        ...text
          .trimEnd()
          .split("\n")
          .map((line) => `  ${line}`.trimEnd()),
      ];
}

/** `2026-05-01 14:30:00 +02:00` */
export function localTime(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const zone = `${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
  return `${new Date(time + offset * 60_000).toISOString().slice(0, 19).replace("T", " ")} ${zone}`;
}

function isObject(value: unknown): value is TelegramObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
