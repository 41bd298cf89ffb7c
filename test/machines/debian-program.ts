/** Programs of the distribution's packages. */

import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** @throws naming the package that is missing */
export function programOf(name: string, from: string = name): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin"];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no ${name}: apt-get install ${from}`);
  return found;
}

/** The folder with the newest PostgreSQL of Debian's packages. @throws if there is none */
export function debianPostgres(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const bins = versions.toSorted((one, other) => other - one).map((version) => join(root, `${version}`, "bin"));
  const found = bins.find((bin) => existsSync(join(bin, "initdb")));
  if (found === undefined) throw new Error("no PostgreSQL of the distribution: apt-get install postgresql");
  return found;
}
