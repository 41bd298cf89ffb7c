import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gather } from "../../src/config/sources.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-sources-"));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "conf.json"), '{ "workers": 3, "lifespan": "on", "maxAttempts": 5 }');
await writeFile(join(folder, "secret.json"), '{ "token": "1:a" }');

test("flags override the environment, then the file, then a caller's defaults; each names its source", async () => {
  const given = await gather({
    flags: { config: "conf.json", workers: "1" },
    env: { ASGIGRAM_WORKERS: "2", ASGIGRAM_LIFESPAN: "off", ASGIGRAM_MAX_ATTEMPTS: "" },
    cwd: folder,
    defaults: { maxAttempts: 7, interface: "asgi2" },
  });
  const sourceOf = (key: Parameters<typeof given.find>[0]) => given.find(key)?.source;
  assert.equal(sourceOf("workers"), "--workers");
  assert.equal(sourceOf("lifespan"), "ASGIGRAM_LIFESPAN");
  assert.equal(sourceOf("maxAttempts"), `maxAttempts in ${folder}/conf.json`);
  assert.equal(sourceOf("interface"), "the default of interface");
  assert.equal(sourceOf("proxy" as "inbox"), undefined);
});

test("the environment may name the file, which holds no secrets", async () => {
  const sources = { flags: {}, cwd: folder };
  const given = await gather({ ...sources, env: { ASGIGRAM_CONFIG: "conf.json" } });
  assert.equal(given.read("workers"), 3);
  await assert.rejects(
    gather({ ...sources, env: { ASGIGRAM_CONFIG: "secret.json" } }),
    /token is not allowed in .*secret/,
  );
});
