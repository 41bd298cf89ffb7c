import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { OptionLayers } from "../../src/config/option-layers.ts";
import { botIdOf, checkToken, findToken, looksLikeToken, readTokenFile } from "../../src/config/token.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const folder = await mkdtemp(join(tmpdir(), "asgigram-token-"));
after(() => rm(folder, { recursive: true }));

async function file(content: string): Promise<string> {
  const path = join(folder, "token");
  await writeFile(path, content);
  return path;
}

test("a token is digits, a colon, and the rest", () => {
  assert.equal(checkToken(TOKEN, "it"), TOKEN);
  assert.equal(checkToken(`${TOKEN}\n`, "it"), TOKEN);
  assert.equal(botIdOf(TOKEN), "123456789");
  assert(looksLikeToken(TOKEN));
  assert(!looksLikeToken("app.ts:application"));
});

test("a malformed token is refused and not shown", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ minLength: 12 }), fc.constant(` ${TOKEN}x y`), fc.integer()), (text) => {
      fc.pre(!/^\s*\d+:[\w-]+\s*$/.test(String(text)));
      assert.throws(
        () => checkToken(text, "ASGIGRAM_TOKEN"),
        (error) =>
          error instanceof ConfigError &&
          error.message.startsWith("ASGIGRAM_TOKEN is not a bot token") &&
          !(typeof text === "string" && error.message.includes(text)),
      );
    }),
  );
});

test("a token file may end with an empty line", async () => {
  assert.equal(await readTokenFile(await file(`${TOKEN}\r\n\n`), "--token-file"), TOKEN);
});

test("a file without a token, or with more than a token, is refused without showing its text", async () => {
  const empty = await file(" \n");
  await assert.rejects(readTokenFile(empty, "--token-file"), {
    message: `--token-file is ${empty}, which is empty: it must hold the bot's token`,
  });
  const path = await file(`TOKEN=${TOKEN}\n`);
  await assert.rejects(readTokenFile(path, "--token-file"), (error: Error) => {
    assert(error.message.startsWith(`the text in ${path} (--token-file) is not a bot token`));
    assert.doesNotMatch(error.message, /AAE/);
    return true;
  });
});

test("the token comes from the highest layer that has it or names its file", async () => {
  const layers = new OptionLayers(folder);
  assert.equal(await findToken(layers), undefined);
  await file(TOKEN);
  layers.add({ tokenFile: "token" }, (key) => `--${key}`);
  layers.add({ token: "none" }, (key) => key);
  assert.equal(await findToken(layers), TOKEN);
  const other = new OptionLayers(folder);
  other.add({ token: "none" }, () => "ASGIGRAM_TOKEN");
  await assert.rejects(findToken(other), /^ConfigError: ASGIGRAM_TOKEN is not a bot token/);
});
