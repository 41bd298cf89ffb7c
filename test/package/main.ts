/** The package as npm packs it. `npm run test:package` has it run by this Node.js, `npm run test:oldest` by the oldest. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, chmod, cp, mkdir, readFile, symlink } from "node:fs/promises";
import { delimiter, dirname, join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { Folder } from "../folder.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const NOT_COPIED = [".git", "dist", "node_modules"];

/** Environment of a user's shell: this Node.js first in the path, and none of the tests' settings. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, NODE_OPTIONS: "" };

describe("the packed package", () => {
  const temporary = new Folder();
  const folder = temporary.path;

  before(async () => {
    // A copy, because packing builds dist/, which other tests may be reading.
    const source = temporary.join("source");
    await cp(root, source, { recursive: true, filter: (path) => !NOT_COPIED.includes(relative(root, path)) });
    await symlink(join(root, "node_modules"), join(source, "node_modules"));
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: source, env });
    await install(join(folder, stdout.trim().split("\n").at(-1)!));
  });

  /** As npm does it, with this repository's copies of the dependencies, and of no other package. `.github/try-package` has npm do it. */
  async function install(tarball: string): Promise<void> {
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, "asgigram"), { recursive: true });
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "asgigram")]);
    const { bin, dependencies } = JSON.parse(await readFile(join(modules, "asgigram/package.json"), "utf8"));
    const link = async (name: string, target: string) => {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(target, join(modules, name));
    };
    for (const name of Object.keys(dependencies)) await link(name, join(root, "node_modules", name));
    const executable = join(modules, "asgigram", bin.asgigram);
    await link(".bin/asgigram", executable);
    await chmod(executable, 0o755);
  }

  after(() => temporary[Symbol.dispose]());

  it("the packed package runs a TypeScript bot in an empty folder", async () => {
    temporary.write(
      "bot.ts",
      `import { type Application, delivery } from "asgigram";
       import { store } from "asgigram/storage";

       export const application: Application = async (_scope, receive, send) => {
         for (;;) {
           const event = await receive();
           if (event.type !== "telegram.message") continue;
           const before = (await store.get<string>("before")) ?? "nothing";
           await store.set("before", event.text);
           const text: string = \`\${event.text} after \${before} (attempt \${delivery(event)?.attempt})\`;
           await send({ type: "telegram.send_message", text });
         }
       };`,
    );
    const bot = run("npx", ["asgigram", "simulate", "bot.ts"], { cwd: folder, env });
    bot.child.stdin!.end("hello\nagain\n");
    const { stdout } = await bot;
    assert.match(stdout, /hello after nothing \(attempt 1\).*again after hello \(attempt 1\)/s);
  });

  it("the package pg is needed for an inbox in a database alone, and asked for by name", async () => {
    await assert.rejects(access(join(folder, "node_modules/pg")));
    const token = { ASGIGRAM_TOKEN: `1:${"x".repeat(35)}` };
    const nodes = run("npx", ["asgigram", "nodes", "--inbox", "postgres://db/bots"], {
      cwd: folder,
      env: { ...env, ...token },
    });
    await assert.rejects(nodes, /an inbox in PostgreSQL needs the package pg: run npm install pg/);
  });

  it("the packed package ships JavaScript and declarations, the schema of its configuration file, and no test", async () => {
    const installed = join(folder, "node_modules/asgigram");
    const { bin, exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    await readFile(join(installed, bin.asgigram));
    await readFile(join(installed, exports["."].types));
    await readFile(join(installed, exports["./simulator"].types));
    await readFile(join(installed, exports["./diagnostics"].types));
    await readFile(join(installed, exports["./storage"].types));
    JSON.parse(await readFile(join(installed, exports["./config.schema.json"]), "utf8"));
    await assert.rejects(readFile(join(installed, "test")));
  });
});
