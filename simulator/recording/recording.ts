/**
 * A run of a bot as one JSON value: what users did, the updates that the bot got, and its calls with their answers, by the simulator's clock. The
 * token is not in it.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { ActionError, type ActionName } from "../clients/actions/actions.ts";
import type { RecordedCall } from "../state/call-log.ts";

export interface Recording {
  /** The format's version. */
  asgigram_recording: 1;
  /** Milliseconds since 1970. */
  began: number;
  seed: number;
  /** The bot's id. */
  bot: number;
  entries: RecordingEntry[];
}

/** `at` is in milliseconds since the beginning. */
export type RecordingEntry =
  | { at: number; act: ActionName; takes: object /** Of a user or a chat. */; id?: number }
  | { at: number; update: object }
  | { at: number; call: RecordedCall };

export type Act = Extract<RecordingEntry, { act: ActionName }>;

/** These only look, or act on the server and not in the bot's world: they are not recorded. */
const LOOKS: ReadonlySet<ActionName> = new Set<ActionName>([
  "messages",
  "next",
  "events",
  "confirmed",
  "calls",
  "idle",
  "trace",
  "download",
  "killWorker",
  "killServer",
  "reload",
]);

export class Recorder {
  readonly #now: () => number;
  readonly #recording: Recording;

  constructor({ now, seed, bot }: { now: () => number; seed: number; bot: number }) {
    this.#now = now;
    this.#recording = { asgigram_recording: 1, began: now(), seed, bot, entries: [] };
  }

  get recording(): Recording {
    return structuredClone(this.#recording);
  }

  /** Notes an action before it is performed: what follows from it comes after it. */
  act(act: ActionName, takes: object): Act | undefined {
    if (LOOKS.has(act)) return undefined;
    const entry: Act = { at: this.#at(), act, takes };
    this.#recording.entries.push(entry);
    return entry;
  }

  /** Takes back an action that was impossible: it would be so in a replay. */
  forget(act: Act): void {
    const { entries } = this.#recording;
    entries.splice(entries.lastIndexOf(act), 1);
  }

  update(update: object): void {
    this.#recording.entries.push({ at: this.#at(), update });
  }

  /** Notes a call when it comes; its answer is added to the same object. */
  readonly call = (call: RecordedCall): void => {
    if (!isAboutUpdates(call)) this.#recording.entries.push({ at: this.#at(), call });
  };

  #at(): number {
    return this.#now() - this.#recording.began;
  }
}

/** Calls by which libraries get updates. They differ between libraries, and between two runs. */
const ABOUT_UPDATES: ReadonlySet<string> = new Set(
  "getupdates setwebhook deletewebhook getwebhookinfo getme close logout".split(" "),
);

export const isAboutUpdates = ({ method }: { method: string }) => ABOUT_UPDATES.has(method.toLowerCase());

/**
 * Writes the recordings in which something happened, the first one into the file of that name, the second into `run-2.json` beside
 * `run.json`, and so on. If nothing happened, the file has an empty recording.
 */
export async function writeRecordings(path: string, recorders: readonly Recorder[]): Promise<void> {
  const all = recorders.map(({ recording }) => recording);
  const eventful = all.filter(({ entries }) => entries.length > 0);
  const { dir, name, ext } = parse(path);
  for (const [index, recording] of (eventful.length > 0 ? eventful : all.slice(0, 1)).entries()) {
    await writeRecording(index === 0 ? path : join(dir, `${name}-${index + 1}${ext}`), recording);
  }
}

async function writeRecording(path: string, recording: Recording): Promise<void> {
  const entries = recording.entries.map((entry) => JSON.stringify(entry)).join(",\n  ");
  const { entries: _, ...head } = recording;
  const start = JSON.stringify(head).slice(0, -1);
  await writeFile(path, `${start},"entries":[\n  ${entries}\n]}\n`);
}

/** @throws ActionError if the file is no recording of this version */
export async function readRecording(path: string): Promise<Recording> {
  const recording = JSON.parse(await readFile(path, "utf8")) as Recording;
  if (recording.asgigram_recording !== 1) throw new ActionError(`${path} is no recording of version 1`);
  return recording;
}
