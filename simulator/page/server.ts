/** The simulator, as the page reaches it: actions, a snapshot, and what happens after it. */

import type { UserFromGetMe } from "@grammyjs/types";
import type { ActionName, Gives, Takes } from "../clients/actions/actions.ts";
import type { Snapshot } from "../inspector/snapshot.ts";
import type { Happening } from "./world.ts";

/** Of the world that is shown: that of `?bot=<token>`, or else the one that the simulator always has. */
export const token = new URLSearchParams(location.search).get("bot");
const ROOT = token === null ? "/simulator" : `/simulator/bot${encodeURIComponent(token)}`;

/** @throws Error with the simulator's reason */
export async function act<A extends ActionName>(name: A, takes: Takes<A>): Promise<Gives<A>> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${ROOT}/${name}`, { method: "POST", headers, body: JSON.stringify(takes) });
  return await resultOf(response);
}

/** @param person the id of the one who looks */
export async function snapshot(person: number): Promise<Snapshot> {
  return await resultOf(await fetch(`${ROOT}/snapshot?person=${person}`));
}

/** The bots that have a world, by their tokens. */
export async function bots(): Promise<readonly { token: string; bot: UserFromGetMe }[]> {
  return await resultOf(await fetch("/simulator/bots"));
}

async function resultOf<Result>(response: Response): Promise<Result> {
  const { ok, result, error } = (await response.json()) as { ok: boolean; result: Result; error: string };
  if (!ok) throw new Error(error);
  return result;
}

/** The address of a message's file. */
export const fileUrl = (file_id: string) => `${ROOT}/files/${encodeURIComponent(file_id.toWellFormed())}`;

const TYPES = ["chat", "call", "update", "flood", "faults", "server"] as const;

/**
 * Calls `take` with what happens, and `connected` each time that a connection is there: after it nothing is missed, until `lost`.
 */
export function listen(take: (happening: Happening) => void, connected: () => void, lost: () => void): void {
  const source = new EventSource(`${ROOT}/live`);
  source.onopen = connected;
  source.onerror = lost;
  for (const type of TYPES) {
    source.addEventListener(type, ({ data }) => take({ type, data: JSON.parse(data) } as Happening));
  }
}
