/**
 * The same bot and the same people, under Node.js alone and under asgigram: the calls that Telegram gets, in the order of each chat, and
 * the messages in the chats are equal. docs/existing-bots.md lists what differs.
 */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Folder } from "../folder.ts";
import { faultCalls, methodTable } from "./methods.ts";
import { scriptsOf, tableScripts } from "./scripts.ts";
import { runNatively, runUnderAsgigram } from "./trial.ts";

/** With it, the bots of all libraries (`npm run test:differential`); without, those of two. */
const ALL = process.env.DIFFERENTIAL === "all";

const COMMON = ["commands", "keyboard", "replies", "session", "inline", "links", "download", "editing"];
const TROUBLE = ["refused", "blocked", "failing", "timer", "poll"];
const UPLOADS = ["buffers", "album"];

interface Bots {
  readonly library: string;
  readonly file: string;
  /** Names of their scripts. */
  readonly names: readonly string[];
  /** Alone, uploads never end under Node.js 26. */
  readonly hasUploads?: false;
}

const GRAMMY = {
  library: "grammY",
  file: "grammy.ts",
  names: [...COMMON, ...TROUBLE, ...UPLOADS, "paths", "thrown", "form", "menu", "flood"],
};
const TELEGRAF = {
  library: "Telegraf",
  file: "telegraf.ts",
  names: [...COMMON, ...TROUBLE, "thrown", "form", "nulls", "missing"],
  hasUploads: false,
};
const OTHERS = [
  {
    library: "Telegraf 3",
    file: "telegraf-3.cjs",
    names: [...COMMON, ...TROUBLE, "thrown", "form"],
    hasUploads: false,
  },
  { library: "GramIO", file: "gramio.ts", names: [...COMMON, ...TROUBLE, ...UPLOADS, "paths", "unhandled"] },
  {
    library: "node-telegram-bot-api 0.66",
    file: "node-telegram-bot-api-0.cjs",
    names: [...COMMON, ...TROUBLE, ...UPLOADS, "paths", "unhandled", "form"],
  },
  {
    library: "node-telegram-bot-api 2",
    file: "node-telegram-bot-api.ts",
    names: [...COMMON, ...TROUBLE, ...UPLOADS, "unhandled"],
  },
];

const folder = new Folder();
after(() => folder[Symbol.dispose]());

for (const { library, file, names, hasUploads = true } of [GRAMMY, TELEGRAF, ...(ALL ? OTHERS : [])] as Bots[]) {
  describe(`bots for ${library}`, async () => {
    const calls = methodTable(hasUploads).slice(0, ALL ? undefined : 1);
    const faults = faultCalls(hasUploads);
    const METHODS = folder.write(`${file}.json`, JSON.stringify([...calls, faults]));
    const scripts = new Map([...scriptsOf(...names), ...tableScripts(calls)]);
    const [alone, served] = await Promise.all([
      runNatively(file, scripts, { env: { METHODS } }),
      runUnderAsgigram(file, scripts, { env: { METHODS } }),
    ]);
    for (const name of ["start", ...scripts.keys()]) {
      test(`the bot "${name}" for ${library} does under asgigram what it does alone`, () => {
        assert.ok(Object.keys(alone[name]!.calls).length > 0, "it makes calls");
        assert.deepEqual(served[name], alone[name]);
      });
    }
  });
}
