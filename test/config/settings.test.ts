import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { OPTION_KEYS, optionAt } from "../../src/config/options.ts";
import { resolveSettings } from "../../src/config/settings.ts";
import type { Sources } from "../../src/config/sources.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const folder = await mkdtemp(join(tmpdir(), "asgigram-settings-"));
after(() => rm(folder, { recursive: true }));

const settingsOf = async (sources: Partial<Sources>) =>
  (await resolveSettings({ env: {}, cwd: "/srv", ...sources })).settings;

test("without any source every option has its default and no source", async () => {
  const settings = await settingsOf({});
  for (const key of OPTION_KEYS) {
    const value = key === "logLevel" ? "info" : key === "proxy" ? false : optionAt(key).default;
    assert.deepEqual(settings[key], { value, source: undefined }, key);
  }
});

test("the source is the name of the option in the source of its value", async () => {
  const config = join(folder, "conf.json");
  await writeFile(config, '{ "idleTimeout": 60, "workers": 2 }');
  const { application, workers, maxAttempts, idleTimeout } = await settingsOf({
    flags: { application: "bot.ts", config, workers: "3" },
    env: { ASGIGRAM_MAX_ATTEMPTS: "5" },
  });
  assert.deepEqual(application, { value: "bot.ts", source: "the argument <application>" });
  assert.deepEqual(workers, { value: 3, source: "--workers" });
  assert.deepEqual(maxAttempts, { value: 5, source: "ASGIGRAM_MAX_ATTEMPTS" });
  assert.deepEqual(idleTimeout, { value: 60, source: `idleTimeout in ${config}` });
});

test("a setting that another option sets has the source of that option", async () => {
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
  const { token, inbox, logLevel } = await settingsOf({
    env: { ASGIGRAM_TOKEN_FILE: tokenFile },
    flags: { verbosity: "2" },
  });
  assert.deepEqual(token, { value: TOKEN, source: "ASGIGRAM_TOKEN_FILE" });
  assert.deepEqual(logLevel, { value: "debug", source: "--verbosity" });
  assert.deepEqual(inbox, { value: "/srv/asgigram-123456789.sqlite", source: undefined });
});

test("the breaker is on with --retry, unless it is set", async () => {
  const breakerOf = async (flags: NonNullable<Sources["flags"]>) => (await settingsOf({ flags })).breaker.value;
  assert.equal(await breakerOf({}), false);
  assert.equal(await breakerOf({ retry: "0" }), false);
  assert.equal(await breakerOf({ retry: "3" }), true);
  assert.equal(await breakerOf({ retry: "3", breaker: "no" }), false);
  assert.equal(await breakerOf({ breaker: "true" }), true);
});

test("--proxy and --no-proxy override the proxies of the environment", async () => {
  const env = { HTTPS_PROXY: "http://a:1", NO_PROXY: "*" };
  const { proxy } = await settingsOf({ env, flags: { proxy: "http://b:2" } });
  assert.deepEqual(proxy, { value: "http://b:2", source: "--proxy" });
  const without = await settingsOf({ env: { HTTPS_PROXY: "http://a:1", ASGIGRAM_PROXY: "off" } });
  assert.deepEqual(without.proxy, { value: false, source: "ASGIGRAM_PROXY" });
  const environments = await settingsOf({ env: { HTTPS_PROXY: "http://a:1" } });
  assert.deepEqual(environments.proxy, { value: "http://a:1", source: "HTTPS_PROXY" });
  const own = await settingsOf({ env: { HTTPS_PROXY: "http://a:1", ASGIGRAM_API_URL: "http://bot-api:8081" } });
  assert.deepEqual(own.proxy, { value: false, source: undefined });
});

test("an invalid value is refused, also if another one takes precedence", async () => {
  await assert.rejects(settingsOf({ flags: { workers: "0" } }), /^ConfigError: --workers is "0"/);
  const env = { ASGIGRAM_VERBOSITY: "9" };
  await assert.rejects(settingsOf({ flags: { logLevel: "info" }, env }), /^ConfigError: ASGIGRAM_VERBOSITY is "9"/);
});
