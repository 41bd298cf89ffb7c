import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readConfigFile } from "../../src/config/file.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-file-"));
after(() => rm(folder, { recursive: true }));

async function read(name: string, content: string): Promise<unknown> {
  const path = join(folder, name);
  await writeFile(path, content);
  return readConfigFile(path, "--config");
}

test("a file of any other name is JSON", async () => {
  assert.deepEqual(await read("a.json", '{"workers": 2}'), { workers: 2 });
  assert.deepEqual(await read("asgigramrc", '\uFEFF{"workers": 2}\n'), { workers: 2 });
});

test("a module in JavaScript or TypeScript exports the options by default", async () => {
  assert.deepEqual(await read("a.mjs", "export default { workers: 1 + 1 }"), { workers: 2 });
  assert.deepEqual(await read("a.mts", "const workers: number = 2; export default { workers };"), { workers: 2 });
  const typed = 'import type { Options } from "asgigram"; export default { workers: 2 } satisfies Options;';
  assert.deepEqual(await read("typed.mts", typed), { workers: 2 });
  assert.deepEqual(await read("a.cjs", "module.exports = { workers: 2 }"), { workers: 2 });
});

test("JSON may have comments and trailing commas", async () => {
  const content = `{
    // The bot's
    "workers": 2, /* for now */
    "allowedUpdates": ["message",],
  }`;
  assert.deepEqual(await read("commented.json", content), { workers: 2, allowedUpdates: ["message"] });
});

test("$schema is left out, of a module, too", async () => {
  assert.deepEqual(await read("s.json", '{ "$schema": "./config.schema.json", "workers": 2 }'), { workers: 2 });
  assert.deepEqual(await read("s.mjs", 'export default { $schema: "x", workers: 2 }'), { workers: 2 });
});

test("the error for broken JSON names the fault and its place, and quotes nothing", async () => {
  const reasons = {
    '{"token": secret}': "invalid symbol in line 1, column 11",
    '{"token": "secret"': "close brace expected in line 1, column 19",
    '{\n  "token": "secret\n}': "unexpected end of string in line 2, column 12",
    '{\r\n  "workers": 2\r\n  "reload": true\r\n}': "comma expected in line 3, column 3",
    '{"a": /* secret': "unexpected end of comment in line 1, column 7",
    secret: "invalid symbol in line 1, column 1",
    "": "value expected in line 1, column 1",
    '{} "secret"': "end of file expected in line 1, column 4",
  };
  for (const [content, reason] of Object.entries(reasons)) {
    const message = `${folder}/b.json is not valid JSON: ${reason}`;
    await assert.rejects(read("b.json", content), (error: Error) => {
      assert.equal(error.message, message);
      return error.cause === undefined;
    });
  }
});

test("a file without an object of options is refused", async () => {
  for (const content of ["[]", "null", "3", '"x"']) {
    await assert.rejects(
      read("c.json", content),
      /c\.json must contain an object of options, such as \{"workers": 2\}, not /,
    );
  }
});

test("the error for a module says that it has no default export, or fails", async () => {
  await assert.rejects(read("d.mjs", "export const workers = 2"), /d\.mjs has no default export: write export default/);
  await assert.rejects(read("e.mjs", 'throw new Error("no luck")'), /e\.mjs could not be imported: no luck/);
  await assert.rejects(read("f.mts", "enum E { A }; export default { E };"), /f\.mts could not be imported: .*enum/s);
});

test("the error for a missing file names the option", async () => {
  for (const name of ["x.json", "x.mjs"]) {
    await assert.rejects(readConfigFile(join(folder, name), "ASGIGRAM_CONFIG"), {
      code: "ASGIGRAM_CONFIG",
      message: `ASGIGRAM_CONFIG is ${folder}/${name}, which does not exist: check the path`,
    });
  }
});
