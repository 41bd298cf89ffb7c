import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { HeavyFunctions } from "../../../workers/heavy/heavy-functions.ts";
import { Folder } from "../../folder.ts";

/** The functions of a module with that code. */
async function functionsOf(folder: Folder, file: string, code: string): Promise<HeavyFunctions> {
  const module = pathToFileURL(folder.write(file, code)).href;
  const functions = new HeavyFunctions({ module, name: file, imports: [] }, "heavy thread");
  await functions.loaded;
  return functions;
}

test("the default export of TypeScript that was compiled to CommonJS is a function, also beside others", async () => {
  using folder = new Folder();
  const code = `
    "use strict";
    Object.defineProperty(exports, "__esModule", { value: true });
    exports.named = () => "named";
    exports.default = () => "by default";`;
  const functions = await functionsOf(folder, "compiled.cjs", code);
  assert.equal(functions.find("default")(), "by default");
  assert.equal(functions.find("named")(), "named");
});

test("a compiled module without a default export is told so", async () => {
  using folder = new Folder();
  const code = `Object.defineProperty(exports, "__esModule", { value: true }); exports.named = () => {};`;
  const functions = await functionsOf(folder, "named.cjs", code);
  assert.throws(() => functions.find("default"), { message: "named.cjs has no default export" });
});

test("a CommonJS module that is one function has it as default export", async () => {
  using folder = new Folder();
  const functions = await functionsOf(
    folder,
    "plain.cjs",
    'module.exports = () => "plain"; module.exports.other = () => 1;',
  );
  assert.equal(functions.find("default")(), "plain");
  assert.equal(functions.find("other")(), 1);
});
