/** Libraries whose own tests run under asgigram: their files, and what takes the places of their sources and their test tools. */

import { dirname, join } from "node:path";

export interface Suite {
  /** The package on the registry. */
  readonly package: string;
  readonly repository: string;
  /** Test files, in the checkout. */
  readonly files: readonly string[];
  /** Cases that do something else under asgigram, and the reasons. */
  readonly differences: { readonly [name: string]: string };
  /** @returns the file for a specifier in a test file; undefined if it stays as it is */
  replaces(specifier: string, load: NodeJS.Require): string | undefined;
  /** Makes a bot to be served. */
  bot(load: NodeJS.Require, token: string, apiRoot: string): { prototype: object; served: object; start(): unknown };
}

// biome-ignore lint/suspicious/noExplicitAny: the classes of libraries
type Class = new (...args: any[]) => Record<string, any>;

export const LIBRARIES: { readonly [library: string]: Suite } = {
  grammY: {
    package: "grammy",
    repository: "https://github.com/grammyjs/grammY",
    files: [
      "test/bot.test.ts",
      "test/convenience/session.test.ts",
      "test/core/payload.test.ts",
      "test/convenience/webhook.test.ts",
    ],
    differences: {},
    replaces(specifier, load) {
      if (specifier.endsWith("/deps.test.ts")) return join(import.meta.dirname, "std.ts");
      const source = /^(?:\.\.\/)+src\/(.+)\.ts$/.exec(specifier)?.[1];
      return source === undefined ? undefined : join(dirname(load.resolve("grammy")), `${source}.js`);
    },
    bot(load, token, apiRoot) {
      const { Bot } = load("grammy") as { Bot: Class };
      const served = new Bot(token, { client: { apiRoot } });
      return { prototype: Bot.prototype, served, start: () => served.start() };
    },
  },
  Telegraf: {
    package: "telegraf",
    repository: "https://github.com/telegraf/telegraf",
    files: ["test/telegraf.js", "test/session.js", "test/scenes.js", "test/composer.js"],
    differences: {},
    replaces(specifier, load) {
      if (specifier === "ava") return join(import.meta.dirname, "ava.ts");
      if (specifier === ".." || specifier === "../") return load.resolve("telegraf");
      return specifier.startsWith("../") ? load.resolve(`telegraf/${specifier.slice(3)}`) : undefined;
    },
    bot(load, token, apiRoot) {
      const { Telegraf } = load("telegraf") as { Telegraf: Class };
      const served = new Telegraf(token, { telegram: { apiRoot } });
      return { prototype: Telegraf.prototype, served, start: () => served.launch() };
    },
  },
};
