/**
 * Runs a library's own tests with the installed package: by Node.js alone, or as a program under asgigram, where all updates of the tests
 * go through the server. `main.ts` sets the environment.
 */

import { renameSync, writeFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inFile, runCases } from "./cases.ts";
import { Delivery } from "./delivery.ts";
import { LIBRARIES } from "./suites.ts";

const { LIBRARY = "", CHECKOUT = "", RESULTS = "", SIMULATOR, BOT_TOKEN = "" } = process.env;
const { files, replaces, bot } = LIBRARIES[LIBRARY]!;

const load = createRequire(import.meta.url);
const checkout = pathToFileURL(`${CHECKOUT}/`).href;
registerHooks({
  resolve(specifier, context, next) {
    if (!context.parentURL?.startsWith(checkout)) return next(specifier, context);
    const replacement = replaces(specifier, load);
    return replacement === undefined
      ? next(specifier, context)
      : { url: pathToFileURL(replacement).href, shortCircuit: true };
  },
});

const delivery = SIMULATOR === undefined ? undefined : new Delivery(SIMULATOR);
if (delivery !== undefined) {
  const { prototype, served, start } = bot(load, BOT_TOKEN, SIMULATOR!);
  delivery.replace(prototype as never, (other) => other === served);
  void start();
  await delivery.begin();
}
for (const file of files) await inFile(file, () => import(pathToFileURL(join(CHECKOUT, file)).href));
const results = await runCases();
const { delivered = 0, direct = 0 } = delivery ?? {};
// It is whole as soon as it is there.
writeFileSync(`${RESULTS}.part`, JSON.stringify({ results, delivered, direct }));
renameSync(`${RESULTS}.part`, RESULTS);
