/** The blocks of code in a page of docs/, and their runs as tests, beside a bot in `bot.ts` that greets. */

import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Folder } from "../folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const FROM_SOURCE = new URL("../from-source.ts", import.meta.url).href;

const BOT = `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: "Hello, " + event.from.first_name + "!" });
  }
};`;

type Language = "ts" | "js" | "python";

export const blocksIn = (page: string, language: Language): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code!);

/** Runs blocks in one process. @returns its output @throws with the output if a test fails */
export async function outputOf(blocks: readonly string[], language: "ts" | "js"): Promise<string> {
  using folder = new Folder();
  symlinkSync(join(ROOT, "node_modules"), folder.join("node_modules"), "junction");
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", BOT);
  const paths = blocks.map((code, i) => folder.write(`block-${i + 1}.${language}`, code));
  const all = folder.write("all.test.js", paths.map((path) => `import ${JSON.stringify(path)};`).join("\n"));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = promisify(execFile)(process.execPath, ["--import", FROM_SOURCE, all], { cwd: folder.path, env });
  const { stdout } = await run.catch((error) => {
    throw new Error(error.stdout, { cause: error });
  });
  return stdout;
}
