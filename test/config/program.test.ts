import assert from "node:assert/strict";
import { test } from "node:test";
import { exportsNothing } from "../../src/config/program.ts";
import { Folder } from "../folder.ts";

const CASES: [text: string, isProgram: boolean][] = [
  ["bot.start();", true],
  ["export const helper = 1;\nbot.start();", true],
  ["export const application = async () => {};", false],
  ["const application = 1;\nexport { application };", false],
  ["export default async () => {};", false],
  ["export { bot as default };", false],
  ["module.exports = webhookCallback(bot);", false],
];

for (const [text, isProgram] of CASES) {
  test(`${JSON.stringify(text)} is ${isProgram ? "a program" : "no program for certain"}`, () => {
    using folder = new Folder();
    folder.write("bot.ts", text);
    assert.equal(exportsNothing("bot.ts", folder.path), isProgram);
  });
}

test("a name of an export, a package and a missing file are no programs for certain", () => {
  using folder = new Folder();
  folder.write("bot.ts", "bot.start();");
  for (const name of ["bot.ts:bot", "some-package", "missing.ts"])
    assert.equal(exportsNothing(name, folder.path), false);
});
