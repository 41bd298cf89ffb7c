import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** As a user's shell: the Node.js that runs this test first in the path, and none of our settings. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, NODE_OPTIONS: "" };

describe("the packed package", { timeout: 120_000 }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "asgigram-package-"));
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, env });
    const tarball = join(folder, stdout.trim().split("\n").at(-1)!);
    await run("npm", ["install", "--no-audit", "--no-fund", tarball], { cwd: folder, env });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("runs a TypeScript bot in an empty folder", async () => {
    await writeFile(
      join(folder, "bot.ts"),
      `import { type Application, delivery } from "asgigram";

       export const application: Application = async (_scope, receive, send) => {
         for (;;) {
           const event = await receive();
           if (event.type !== "telegram.message") continue;
           const text: string = \`\${event.text} (attempt \${delivery(event)?.attempt})\`;
           await send({ type: "telegram.send_message", text });
         }
       };`,
    );
    const bot = run("npx", ["asgigram", "simulate", "bot.ts"], { cwd: folder, env });
    bot.child.stdin!.end("hello\nagain\n");
    const { stdout } = await bot;
    assert.match(stdout, /hello \(attempt 1\).*again \(attempt 1\)/s);
  });

  it("ships JavaScript and declarations, the schema of its configuration file, and no test", async () => {
    const installed = join(folder, "node_modules/asgigram");
    const { bin, exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    await readFile(join(installed, bin.asgigram));
    await readFile(join(installed, exports["."].types));
    await readFile(join(installed, exports["./simulator"].types));
    await readFile(join(installed, exports["./diagnostics"].types));
    JSON.parse(await readFile(join(installed, exports["./config.schema.json"]), "utf8"));
    await assert.rejects(readFile(join(installed, "test")));
  });
});
