/** A dead letter as people see it: whose event it was, and when it died. */

import type { DeadLetter } from "../../inbox/dead-letters.ts";
import { kindOf, routeOf, type TelegramObject } from "../../protocol/route.ts";
import { json, printable } from "./printable.ts";

/** Undefined is what the update does not tell. */
export interface UpdateSummary {
  readonly update: unknown;
  readonly kind: string | undefined;
  readonly scope: string | undefined;
}

/** @param bot the bot's id: to its scope goes what names nobody else */
export function summaryOf({ body }: DeadLetter, bot: number): UpdateSummary {
  const update: unknown = JSON.parse(body);
  const kind = isObject(update) ? kindOf(update) : undefined;
  const payload = kind === undefined ? undefined : (update as TelegramObject)[kind];
  return { update, kind, scope: isObject(payload) ? routeOf(kind!, payload, { id: bot }).key : undefined };
}

/** All of it on one line, for programs. */
export function lineOf(letter: DeadLetter, bot: number): string {
  const { update, kind, scope } = summaryOf(letter, bot);
  const { id, update_id, attempts, reason, log } = letter;
  const [received_at, died_at] = [letter.received_at, letter.died_at].map((time) => new Date(time).toISOString());
  return json({ id, update_id, kind, scope, attempts, reason, log, received_at, died_at, update });
}

/** All of it, for people. */
export function pageOf(letter: DeadLetter, bot: number): string {
  const { update, kind = "of no kind", scope } = summaryOf(letter, bot);
  return [
    `Dead letter ${letter.id}`,
    `  Update    ${letter.update_id ?? "without an id"}, ${printable(kind)}`,
    `  Scope     ${printable(scope ?? "none")}`,
    `  Received  ${localTime(letter.received_at)}`,
    `  Died      ${localTime(letter.died_at)}`,
    `  Attempts  ${letter.attempts}`,
    ...section("Reason", printable(letter.reason)),
    ...section("What the worker said last", printable(letter.log)),
    ...section("Update", json(update, 2)),
  ].join("\n");
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
