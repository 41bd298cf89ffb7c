import assert from "node:assert/strict";
import { test } from "node:test";
import { mayBeProgram } from "../../src/config/program.ts";
import { Folder } from "../folder.ts";

const CASES: [text: string, mayBe: boolean][] = [
  ["bot.start();", true],
  ["export const helper = 1;\nbot.start();", true],
  ["export const application = async () => {};", false],
  ["export async function application(scope, receive, send) {}", false],
  ["const application = 1;\nexport { helper, application };", false],
  ["export { bot as application };", false],
  ["exports.application = 1;", false],
  ["module.exports.application = 1;", false],
  ["export { application as bot };", true],
  ["// The application is exported by bot.ts\nexport const name = 'my application';", true],
  ["export default async () => {};", true],
  ["module.exports = webhookCallback(bot);", true],
];

for (const [text, mayBe] of CASES) {
  test(`${JSON.stringify(text)} ${mayBe ? "may be" : "is not"} a program`, () => {
    using folder = new Folder();
    folder.write("bot.ts", text);
    assert.equal(mayBeProgram("bot.ts", folder.path), mayBe);
  });
}

test("a name that is not application, a package and a missing file may be programs", () => {
  using folder = new Folder();
  folder.write("bot.ts", "export const application = 1;");
  for (const name of ["bot.ts:bot", "some-package", "missing.ts"]) assert.equal(mayBeProgram(name, folder.path), true);
  for (const name of ["bot.ts:application", "my.bot:application"]) assert.equal(mayBeProgram(name, folder.path), false);
});
