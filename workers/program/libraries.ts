/**
 * Bot libraries: watches which are loaded, and takes note of the bot that the program starts. A file for each library
 * wraps the methods of each loaded copy, and replaces those that would print errors or call Telegram. found-bot.ts has what a library tells.
 */

import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { Copy, LibraryWatch } from "./found-bot.ts";
import { watchGramio } from "./gramio.ts";
import { watchGrammy, watchRunner } from "./grammy.ts";
import { watchNestjs } from "./nestjs.ts";
import { watchNodeTelegramBotApi } from "./node-telegram-bot-api.ts";
import { watchTelegraf } from "./telegraf.ts";

interface Library {
  readonly name: string;
  /** Its entry files, inside its package. */
  readonly entries: readonly string[];
  /** Versions that were tested: their numbers, as far as a change of them may break something. */
  readonly tested: readonly string[];
  watch(copy: Copy, to: LibraryWatch): void;
}

/** Libraries by the names of their packages. */
const LIBRARIES: { readonly [package_: string]: Library } = {
  grammy: { name: "grammY", entries: ["out/mod.js"], tested: ["1"], watch: watchGrammy },
  "@grammyjs/runner": { name: "grammY runner", entries: ["out/mod.js"], tested: ["2"], watch: watchRunner },
  telegraf: { name: "Telegraf", entries: ["lib/index.js", "telegraf.js"], tested: ["3", "4"], watch: watchTelegraf },
  "nestjs-telegraf": { name: "nestjs-telegraf", entries: ["dist/index.js"], tested: ["2"], watch: watchNestjs },
  gramio: { name: "GramIO", entries: ["dist/index.js", "dist/index.cjs"], tested: ["0.10"], watch: watchGramio },
  "node-telegram-bot-api": {
    name: "node-telegram-bot-api",
    entries: ["index.js", "dist/core/index.js", "dist/core/index.cjs"],
    tested: ["0.66", "2"],
    watch: watchNodeTelegramBotApi,
  },
};

/** Entry files at any place where a package may be: an alias has another name than the package. */
const ENTRIES = [...new Set(Object.values(LIBRARIES).flatMap(({ entries }) => entries))]
  .join("|")
  .replaceAll(".", "\\.");
const ENTRY = new RegExp(`^(.*/node_modules/(?:@[^/]+/)?[^/]+/)(${ENTRIES})$`);

/**
 * @param onLoaded is told of each copy, before it is watched
 * @returns ends the watch for further libraries
 */
export function watchLibraries(onLoaded: (library: string, isTested: boolean) => void, to: LibraryWatch): () => void {
  const seen = new Set<string>();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const [url, folder, entry] = ENTRY.exec(resolved.url) ?? [];
      if (url === undefined || seen.has(url)) return resolved;
      seen.add(url);
      const { name = "", version = "" } = packageIn(folder!);
      const library = Object.hasOwn(LIBRARIES, name) ? LIBRARIES[name]! : undefined;
      if (library?.entries.includes(entry!)) {
        const label = `${library.name} ${version}`;
        onLoaded(
          label,
          library.tested.some((tested) => version.startsWith(`${tested}.`)),
        );
        const path = fileURLToPath(url);
        const load = createRequire(path);
        library.watch({ exports: load(path), load, library: label }, to);
      }
      return resolved;
    },
  });
  return () => hooks.deregister();
}

function packageIn(folder: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  } catch {
    // A folder that is no package has none.
    return {};
  }
}
