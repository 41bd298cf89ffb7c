/** The password of the database: in a file, or what a command prints. Both are asked at each connection, since it may have been changed. */

import { exec } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { learnSecret } from "../../protocol/secrets.ts";

export interface PasswordSource {
  readonly file?: string | undefined;
  /** For the shell. It counts, if there is a file as well. */
  readonly command?: string | undefined;
}

/** The place that the password is for, in the variables of PostgreSQL's own programs. */
export interface PasswordPlace {
  readonly PGHOST: string;
  readonly PGPORT: string;
  readonly PGUSER: string | undefined;
  readonly PGDATABASE: string | undefined;
}

/** The file or the command has given no password. */
export class PasswordError extends Error {}

/** Time for a command: ms. */
const PATIENCE = 10_000;

/** Longest part of a command's last line in an error. */
const SAID = 200;

/** @returns undefined if neither is given @throws PasswordError */
export async function readPassword(
  { file, command }: PasswordSource,
  place: PasswordPlace,
  patience = PATIENCE,
): Promise<string | undefined> {
  if (command !== undefined) return await passwordOfCommand(command, place, patience);
  if (file === undefined) return undefined;
  try {
    return secret(await readFile(file, "utf8"));
  } catch (cause) {
    throw new PasswordError(`--inbox-password-file cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The error of `exec`. */
interface CommandFailure extends Error {
  readonly code?: number | string | null;
  readonly killed?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
}

async function passwordOfCommand(command: string, place: PasswordPlace, patience: number): Promise<string> {
  try {
    const env = { ...process.env, ...place };
    const { stdout } = await promisify(exec)(command, { env, timeout: patience, killSignal: "SIGKILL" });
    const password = secret(stdout);
    if (password === "") throw new Error("it printed nothing");
    return password;
  } catch (cause) {
    throw new PasswordError(`--inbox-password-command failed: ${wordsFor(cause as CommandFailure, patience)}`, {
      cause,
    });
  }
}

function wordsFor({ message, killed, code, stdout, stderr }: CommandFailure, patience: number): string {
  // Its output may be a password nevertheless, and its errors may repeat that.
  secret(stdout ?? "");
  if (killed === true) return `it did not end within ${patience / 1000} s`;
  if (typeof code !== "number") return message;
  const last = stderr?.trim().split("\n").at(-1)?.slice(0, SAID);
  return `it ended with ${code}${last ? `: ${last}` : ""}`;
}

function secret(text: string): string {
  const password = text.replace(/\r?\n$/, "");
  learnSecret(password);
  return password;
}
