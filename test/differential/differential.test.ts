/**
 * The same bot and the same people, under Node.js alone and under asgigram: the calls that Telegram gets and the messages in the chats
 * are the same. `npm run test:differential` runs the bots of all libraries, `npm test` those of some.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scriptsOf } from "./scripts.ts";
import { runNatively, runUnderAsgigram } from "./trial.ts";

interface Bots {
  readonly file: string;
  /** Names of their scripts. */
  readonly names: readonly string[];
}

const COMMON = ["commands", "keyboard", "replies", "session", "inline", "links", "download", "editing"];
const ERRORS = ["refused", "blocked", "failing", "timer", "thrown", "poll"];
const UPLOADS = ["buffers", "paths", "album"];

const BOTS: Record<string, Bots> = {
  grammY: { file: "grammy.ts", names: [...COMMON, ...ERRORS, ...UPLOADS, "form", "menu"] },
  // Alone, Telegraf's uploads never end under Node.js 26.
  Telegraf: { file: "telegraf.ts", names: [...COMMON, ...ERRORS, "form"] },
};

for (const [library, { file, names }] of Object.entries(BOTS)) {
  const scripts = scriptsOf(...names);
  const [native, bridged] = await Promise.all([runNatively(file, scripts), runUnderAsgigram(file, scripts)]);
  describe(`bots for ${library}`, () => {
    for (const name of ["start", ...names]) {
      test(`${library}'s bot "${name}" does under asgigram what it does alone`, () => {
        assert.ok(Object.keys(native[name]!.calls).length > 0);
        assert.deepEqual(bridged[name], native[name]);
      });
    }
  });
}
