import assert from "node:assert/strict";
import { after, test } from "node:test";
import { findOwnToken, giveOwnToken, simulateOwnToken } from "../../src/config/own-token.ts";
import { Folder } from "../folder.ts";

const TOKEN = `48:${"A".repeat(35)}`;
const OTHER = `49:${"B".repeat(35)}`;
const folders = new DisposableStack();
after(() => folders.dispose());

/** A folder, with that text as its `.env`. */
function folder(env?: string): string {
  const made = folders.use(new Folder());
  if (env !== undefined) made.write(".env", env);
  return made.path;
}

const STAND_IN = /^48:asgigram-keeps-the-token-{11}$/;

test("the one token in the variables and in .env is the bot's; of several none is", () => {
  const empty = folder();
  const found = (token: string, variable: string) => ({ token, variable });
  const env = { MY_BOT: TOKEN, PATH: "/bin", ASGIGRAM_TOKEN: OTHER };
  assert.deepEqual(findOwnToken(env, empty), found(TOKEN, "MY_BOT"));
  assert.equal(findOwnToken({}, empty), undefined);
  assert.deepEqual(findOwnToken({}, folder(`BOT_TOKEN="${TOKEN}"\n`)), found(TOKEN, "BOT_TOKEN in .env"));
  assert.deepEqual(findOwnToken({ BOT_TOKEN: TOKEN }, folder(`BOT_TOKEN=${OTHER}\n`)), found(TOKEN, "BOT_TOKEN"));
  assert.equal(findOwnToken({ BOT_TOKEN: TOKEN, TEST_TOKEN: OTHER }, empty), undefined);
  assert.equal(findOwnToken({ BOT_TOKEN: TOKEN, SAME: TOKEN }, empty)?.token, TOKEN);
});

test("the program gets a stand-in in the variable of the token, and its other variables as they are", () => {
  const env: Record<string, string> = { MY_BOT: TOKEN, TEST_TOKEN: OTHER };
  giveOwnToken(env, folder(`BOT_TOKEN=${TOKEN}\nKEY=1\n`), TOKEN, false);
  assert.match(env.MY_BOT ?? "", STAND_IN);
  assert.match(env.BOT_TOKEN ?? "", STAND_IN);
  assert.equal(env.TEST_TOKEN, OTHER);
  assert.equal("KEY" in env, false);
});

test("a token within a longer text is replaced as well", () => {
  const env: Record<string, string> = { BOT_TOKEN: TOKEN, WEBHOOK: `https://example.com/${TOKEN}?a` };
  giveOwnToken(env, folder(`HOOK_PATH=/${TOKEN}\n`), TOKEN, false);
  assert.equal(env.WEBHOOK, `https://example.com/${env.BOT_TOKEN}?a`);
  assert.equal(env.HOOK_PATH, `/${env.BOT_TOKEN}`);
  assert.equal(JSON.stringify(env).includes(TOKEN), false);
});

test("a program whose token the server got elsewhere has the stand-in in the usual variables that are unset", () => {
  const env: Record<string, string> = { TOKEN: "of something else", TEST_TOKEN: OTHER };
  giveOwnToken(env, folder("BOT_API_KEY=of something else\n"), TOKEN, false);
  assert.match(env.BOT_TOKEN ?? "", STAND_IN);
  assert.deepEqual([env.TOKEN, env.TEST_TOKEN, "BOT_API_KEY" in env], ["of something else", OTHER, false]);
});

test("an exposed token stands where the stand-in would", () => {
  const [given, found]: Record<string, string>[] = [{}, { MY_BOT: TOKEN }];
  giveOwnToken(given!, folder(), TOKEN, true);
  giveOwnToken(found!, folder(), TOKEN, true);
  assert.equal(given!.BOT_TOKEN, TOKEN);
  assert.deepEqual(found, { MY_BOT: TOKEN });
});

test("a simulated program has the stand-in in each variable of a token, and in the usual ones", () => {
  const env: Record<string, string> = { MY_BOT: OTHER, TOKEN: "of something else" };
  simulateOwnToken(env, folder(), TOKEN);
  assert.match(env.MY_BOT ?? "", STAND_IN);
  assert.match(env.BOT_TOKEN ?? "", STAND_IN);
  assert.match(env.TELEGRAM_BOT_TOKEN ?? "", STAND_IN);
  assert.equal(env.TOKEN, "of something else");
});
