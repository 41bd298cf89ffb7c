/** Updates and calls by their outcome, and in a few words. */

import type { UpdateTrace } from "../inspector/inspector.ts";
import type { NumberedCall } from "../inspector/snapshot.ts";

export type Outcome = "open" | "done" | "failed";

export const OUTCOMES: { readonly [Name in Outcome | "all"]: string } = {
  all: "All",
  open: "Under way",
  done: "Done",
  failed: "Failed",
};

const FAILED: ReadonlySet<string> = new Set(["failed", "dead_lettered", "dead letter"]);

/** An update that a server receives is done when it is settled; that of a bot by other means when it is confirmed. */
export function outcomeOfUpdate({ steps }: UpdateTrace): Outcome {
  const names = steps.map(({ name }) => name);
  if (names.some((name) => FAILED.has(name))) return "failed";
  if (names.includes("settled")) return "done";
  return names.includes("confirmed") && !names.includes("received") ? "done" : "open";
}

export function outcomeOfCall({ status, error }: NumberedCall): Outcome {
  if (status === undefined) return "open";
  return error === undefined && status < 400 ? "done" : "failed";
}

interface Subject {
  chat?: { id: number };
  from?: { id: number; first_name: string };
  message?: Subject;
  text?: unknown;
  caption?: unknown;
  data?: unknown;
  query?: unknown;
}

/** The user and the text of an update: `Ann: hello`. */
export function wordsOfUpdate({ kind, update }: UpdateTrace): string {
  const subject = (update[kind] ?? {}) as Subject;
  return [subject.from?.first_name, textOf(subject)].filter((word) => word !== undefined).join(": ");
}

/** The destination and the text of a call: `7: hello`. */
export function wordsOfCall({ parameters }: NumberedCall): string {
  return [parameters.chat_id, textOf(parameters)].filter((word) => word !== undefined).join(": ");
}

function textOf({ text, caption, data, query }: Subject): string | undefined {
  return [text, caption, data, query].find((one) => typeof one === "string") as string | undefined;
}
