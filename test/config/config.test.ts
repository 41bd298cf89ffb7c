import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Config, resolveConfig, type Values } from "../../src/config/config.ts";
import { environmentOf, flagOf, OPTION_KEYS, OPTIONS, type OptionKey, optionAt } from "../../src/config/options.ts";
import { ConfigError } from "../../src/protocol/errors.ts";
import { UPDATE_KINDS } from "../../src/protocol/route.ts";

type Environment = { [name: string]: string | undefined };

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const MB = 2 ** 20;
/** A number that is off. */
const OFF = Number.POSITIVE_INFINITY;

const BOT = { token: TOKEN, application: "bot.ts" };

const folder = mkdtempSync(join(tmpdir(), "asgigram-config-"));
after(() => rmSync(folder, { recursive: true }));

function file(content: unknown, name = "conf.json"): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const resolve = (flags: Values, env: Environment = {}, defaults: Values = {}) =>
  resolveConfig({ flags, env, cwd: "/srv", defaults });

const refuses = (flags: Values, env: Environment, message: RegExp) =>
  assert.rejects(resolve(flags, env), (error) => {
    assert(error instanceof ConfigError);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /AAE/);
    return true;
  });

test("a token and an application are enough; the rest are the defaults", async () => {
  const { workers, ...config } = await resolveConfig({ options: BOT, env: {}, cwd: "/srv" });
  assert(workers >= 1);
  assert.deepEqual(config, {
    token: TOKEN,
    application: "bot.ts",
    exposeToken: false,
    apiUrl: "https://api.telegram.org",
    local: false,
    proxy: false,
    family: "auto",
    allowedUpdates: UPDATE_KINDS,
    dropPending: false,
    deleteWebhook: false,
    webhook: false,
    webhookListen: "127.0.0.1:8443",
    webhookMaxConnections: 40,
    webhookCertificate: false,
    webhookKey: false,
    maxApplications: OFF,
    idleTimeout: OFF,
    workerMemory: OFF,
    eventTimeout: OFF,
    stallTimeout: 60_000,
    memoryLimit: OPTIONS.memoryLimit.default === false ? OFF : OPTIONS.memoryLimit.default * MB,
    recycleAfter: OFF,
    reload: false,
    interface: "auto",
    import: [],
    urgent: [],
    lifespan: "auto",
    line: "chat",
    inbox: "/srv/asgigram-123456789.sqlite",
    inboxPasswordFile: undefined,
    inboxPasswordCommand: undefined,
    nodeName: undefined,
    journal: true,
    uncertain: "repeat",
    maxAttempts: 3,
    retry: 0,
    breaker: false,
    onFailure: false,
    rateLimit: OFF,
    maxAge: OFF,
    inboxLimit: 1_000_000,
    deadLetterLimit: 10_000,
    deadLetterAge: 2_592_000_000,
    sessionAge: OFF,
    shutdownTimeout: 8000,
    listen: false,
    logLevel: "info",
    logFormat: "auto",
    directory: "/srv",
    mayBeProgram: true,
    programWorkers: 1,
    tokenVariable: undefined,
    warnings: [],
  });
});

test("the configuration is deeply frozen", async () => {
  const config = await resolve({ ...BOT, allowedUpdates: "message" });
  assert(isFrozen(config));
  assert.throws(() => (config.allowedUpdates as string[]).push("poll"), TypeError);
});

/** Samples of each option: a flag, a variable, a value in the file, and the configuration that results from each. */
const SAMPLES: { [key in keyof Config]?: readonly [flag: unknown, env: string, file: unknown, wanted: unknown[]] } = {
  application: ["a.ts", "b.ts", "c.ts", ["a.ts", "b.ts", "c.ts"]],
  apiUrl: ["http://a", "http://b/", "http://c/d", ["http://a", "http://b", "http://c/d"]],
  exposeToken: [true, "no", true, [true, false, true]],
  local: [true, "no", true, [true, false, true]],
  proxy: ["http://a:1", "off", "socks5://u:p@c:2", ["http://a:1", false, "socks5://u:p@c:2"]],
  family: ["4", "auto", 6, ["4", "auto", "6"]],
  allowedUpdates: ["message", "poll,message", ["poll"], [["message"], ["poll", "message"], ["poll"]]],
  urgent: ["/a", "/b,/c", ["/d"], [["/a"], ["/b", "/c"], ["/d"]]],
  import: ["tsx", "./a.mjs,tsx", ["./b.mjs"], [["tsx"], ["./a.mjs", "tsx"], ["./b.mjs"]]],
  dropPending: ["true", "no", true, [true, false, true]],
  deleteWebhook: [false, "1", false, [false, true, false]],
  webhook: ["https://a/b/", "off", "http://c", ["https://a/b", false, "http://c"]],
  webhookListen: ["1", ":2", "[::1]:3", ["127.0.0.1:1", "[::]:2", "[::1]:3"]],
  webhookMaxConnections: ["1", "100", 5, [1, 100, 5]],
  webhookCertificate: ["a.pem", "off", "/c.pem", ["/srv/a.pem", false, "/c.pem"]],
  webhookKey: ["a.pem", "off", "/c.pem", ["/srv/a.pem", false, "/c.pem"]],
  workers: ["3", "5", 7, [3, 5, 7]],
  line: ["topic", "member", "chat", ["topic", "member", "chat"]],
  maxApplications: ["30", "off", 70, [30, OFF, 70]],
  idleTimeout: ["0.5", "60", false, [500, 60_000, OFF]],
  workerMemory: ["64", "off", 4096, [64 * MB, OFF, 4096 * MB]],
  eventTimeout: ["0.5", "60", false, [500, 60_000, OFF]],
  stallTimeout: ["2", "2.5", false, [2000, 2500, OFF]],
  memoryLimit: ["64", "off", 2000, [64 * MB, OFF, 2000 * MB]],
  recycleAfter: ["1", "off", 5000, [1, OFF, 5000]],
  reload: ["yes", "0", true, [true, false, true]],
  interface: ["asgi2", "asgi3", "auto", ["asgi2", "asgi3", "auto"]],
  lifespan: ["on", "off", "auto", ["on", "off", "auto"]],
  inbox: [false, "b.sqlite", "/c.sqlite", [false, "/srv/b.sqlite", "/c.sqlite"]],
  inboxPasswordFile: ["a", "/b", "c", ["/srv/a", "/b", "/srv/c"]],
  inboxPasswordCommand: ["a", "b", "c", ["a", "b", "c"]],
  nodeName: ["a", "b", "c", ["a", "b", "c"]],
  journal: ["no", "yes", false, [false, true, false]],
  uncertain: ["reject", "repeat", "reject", ["reject", "repeat", "reject"]],
  maxAttempts: ["1", "2", 4, [1, 2, 4]],
  onFailure: ["Sorry!", "off", "Try again", ["Sorry!", false, "Try again"]],
  rateLimit: ["0.5", "off", 30, [0.5, OFF, 30]],
  maxAge: ["1", "off", 86_400, [1000, OFF, 86_400_000]],
  inboxLimit: ["1", "5", 7, [1, 5, 7]],
  retry: ["0", "5", 7, [0, 5, 7]],
  breaker: ["no", "1", true, [false, true, true]],
  deadLetterLimit: ["0", "5", 7, [0, 5, 7]],
  deadLetterAge: ["0", "0.5", 3600, [0, 500, 3_600_000]],
  sessionAge: ["1", "off", 86_400, [1000, OFF, 86_400_000]],
  shutdownTimeout: ["0", "9.5", 10, [0, 9500, 10_000]],
  listen: ["1", ":2", "[::1]:3", ["127.0.0.1:1", "[::]:2", "[::1]:3"]],
  logLevel: ["trace", "fatal", "silent", ["trace", "fatal", "silent"]],
  logFormat: ["json", "pretty", "auto", ["json", "pretty", "auto"]],
};

test("for every option, a flag overrides the environment, that the file, and that the default", async () => {
  const indirect = ["config", "token", "tokenFile", "verbosity"];
  assert.deepEqual(Object.keys(SAMPLES).sort(), OPTION_KEYS.filter((key) => !indirect.includes(key)).sort());
  const key = fc.constantFrom(...(Object.keys(SAMPLES) as (keyof typeof SAMPLES & OptionKey)[]));
  await fc.assert(
    fc.asyncProperty(key, fc.boolean(), fc.boolean(), fc.boolean(), async (key, inFlags, inEnv, inFile) => {
      const [flag, env, inConf, wanted] = SAMPLES[key]!;
      const config = await resolve(
        { token: TOKEN, config: file(inFile ? { [key]: inConf } : {}), ...(inFlags && { [key]: flag }) },
        { [environmentOf(key)]: inEnv ? env : "" },
        { application: "default.ts" },
      );
      const expected = inFlags ? wanted[0] : inEnv ? wanted[1] : inFile ? wanted[2] : undefined;
      if (expected !== undefined) assert.deepEqual(config[key], expected);
      else assert.deepEqual(config[key], (await resolve({ token: TOKEN, application: "default.ts" }))[key]);
    }),
  );
});

test("options of a program override the environment, and flags override them", async () => {
  const options = { ...BOT, inbox: "program.sqlite" };
  const env = { ASGIGRAM_INBOX: "environment.sqlite" };
  assert.equal((await resolveConfig({ options, env, cwd: "/srv" })).inbox, "/srv/program.sqlite");
  assert.equal((await resolveConfig({ flags: { inbox: false }, options, env, cwd: "/srv" })).inbox, false);
  await assert.rejects(
    resolveConfig({ options: { ...BOT, workers: 0 }, env: {}, cwd: "/srv" }),
    /^ConfigError: the option workers is 0: it must be/,
  );
});

test("a caller's defaults override those of the table, and nothing else", async () => {
  assert.equal((await resolve(BOT, {}, { inbox: false })).inbox, false);
  assert.equal((await resolve(BOT, { ASGIGRAM_INBOX: "x" }, { inbox: false })).inbox, "/srv/x");
});

test("the message names the option as it is called in the source of the value", async () => {
  await refuses({ ...BOT, workers: "many" }, {}, /^--workers is "many": it must be a whole number from 1 to 256$/);
  await refuses(BOT, { ASGIGRAM_MAX_ATTEMPTS: "0" }, /^ASGIGRAM_MAX_ATTEMPTS is "0": it must be/);
  const path = file({ workers: 0 });
  await refuses({ ...BOT, config: path }, {}, new RegExp(`^workers in ${path} is 0: it must be`));
});

test("without an application or a token, the message says how to give them", async () => {
  await refuses(
    {},
    {},
    /^no application given: name it, as in asgigram path\/to\/app\.ts:application.*; asgigram --help tells more$/,
  );
  await refuses(
    { application: "bot.ts" },
    {},
    /^no bot token given: set ASGIGRAM_TOKEN, or .*--token-file; none of BOT_TOKEN, .*, here or in \.env, has one; /,
  );
  await refuses(
    { application: "bot.ts" },
    { BOT_TOKEN: `48:${"A".repeat(35)}`, TEST_TOKEN: `49:${"B".repeat(35)}` },
    /; BOT_TOKEN and TEST_TOKEN have different ones, and asgigram serves one bot; /,
  );
});

test("a token in the place of the application is refused", async () => {
  await refuses(
    { application: TOKEN },
    {},
    /^the application looks like a bot token: write asgigram \[token\] <application>/,
  );
  await refuses({ token: "bot.ts", application: TOKEN }, {}, /in this order$/);
});

test("the token comes from an argument, the environment or a file", async () => {
  const tokenFile = file(`${TOKEN}\n`, "token");
  const application = "bot.ts";
  assert.equal((await resolve({ application }, { ASGIGRAM_TOKEN: TOKEN })).token, TOKEN);
  assert.equal((await resolve({ application, tokenFile }, { ASGIGRAM_TOKEN: "1:other" })).token, TOKEN);
  assert.equal((await resolve({ application, config: file({ tokenFile }) })).token, TOKEN);
  assert.equal((await resolve({ ...BOT }, { ASGIGRAM_TOKEN_FILE: "/missing" })).token, TOKEN);
  await refuses({ ...BOT, tokenFile }, {}, /^the argument <token> and --token-file set the same thing/);
});

test("the error for a malformed token names its source and does not show it", async () => {
  await refuses({ application: "bot.ts", token: `${TOKEN} x` }, {}, /^the argument <token> is not a bot token/);
  await refuses({ application: "bot.ts" }, { ASGIGRAM_TOKEN: `bot${TOKEN}` }, /^ASGIGRAM_TOKEN is not a bot token/);
});

test("the configuration file may hold neither the token nor the name of another file", async () => {
  await refuses(
    { application: "b", config: file({ token: TOKEN }) },
    {},
    /^token is not allowed in .*: it is a secret/,
  );
  await refuses({ ...BOT, config: file({ config: "x" }) }, {}, /^config is not allowed in .*: it names that file/);
});

test("an unknown option is refused in every source, with a guess", async () => {
  const path = file({ "max-attempts": 3 });
  await refuses({ ...BOT, config: path }, {}, /^unknown option max-attempts in .*; did you mean maxAttempts\?$/);
  await refuses({ ...BOT, ["wrokers" as "workers"]: 3 }, {}, /^unknown option --wrokers; did you mean workers\?$/);
});

test("verbosity is another word for the log level; the one in the higher source takes precedence", async () => {
  assert.equal((await resolve({ ...BOT, verbosity: "0" })).logLevel, "warn");
  assert.equal((await resolve({ ...BOT, verbosity: "3" }, { ASGIGRAM_LOG_LEVEL: "fatal" })).logLevel, "trace");
  assert.equal((await resolve({ ...BOT, logLevel: "error" }, { ASGIGRAM_VERBOSITY: "2" })).logLevel, "error");
  await refuses({ ...BOT, logLevel: "error", verbosity: "2" }, {}, /^--log-level and --verbosity set the same thing/);
});

/** A value that may be valid for the option. */
const somewhatLike = (key: OptionKey) => {
  const { choices = [] } = optionAt(key);
  return fc.oneof(
    fc.string(),
    fc.constantFrom("off", "true", "2", "http://x", "message", ...choices),
    fc.integer().map(String),
  );
};
const someOptions = fc.record(Object.fromEntries(OPTION_KEYS.map((key) => [key, somewhatLike(key)])), {
  requiredKeys: [],
});

/** Asserts a frozen configuration, or an error that names an option. */
async function isConfigOrError(flags: Values, env: Environment): Promise<void> {
  try {
    assert(isFrozen(await resolve(flags, env)));
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    const names = OPTION_KEYS.flatMap((key) => [key, flagOf(key), environmentOf(key)]);
    assert(
      names.some((name) => error.message.includes(name)),
      error.message,
    );
    assert.doesNotMatch(error.message, /AAE/);
  }
}

test("arbitrary flags and variables give a frozen configuration or an error that names one, never the token", async () => {
  const sources = fc.tuple(someOptions, someOptions, fc.constantFrom(TOKEN, `${TOKEN}!`, `x${TOKEN}`, ` ${TOKEN} y`));
  await fc.assert(
    fc.asyncProperty(sources, fc.constantFrom(...OPTION_KEYS), async ([flags, variables, token], victim) => {
      const env = Object.fromEntries(Object.entries(variables).map(([key, value]) => [environmentOf(key), value]));
      await isConfigOrError({ ...flags, token }, env);
      await isConfigOrError({ ...BOT, ...flags, [victim]: token }, env);
      await isConfigOrError({ ...BOT }, { ...env, ASGIGRAM_CONFIG: "", [environmentOf(victim)]: token });
    }),
    { numRuns: 200 },
  );
});

test("arbitrary JSON as a file gives a frozen configuration or an error that names the key or the file", async () => {
  const options = fc.record(
    Object.fromEntries(OPTION_KEYS.map((key) => [key, fc.oneof(somewhatLike(key), fc.jsonValue())])),
    {
      requiredKeys: [],
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), options, fc.dictionary(fc.string(), fc.jsonValue())), async (json) => {
      const path = file(JSON.stringify(json));
      try {
        assert(isFrozen(await resolve({ ...BOT, config: path })));
      } catch (error) {
        assert(error instanceof ConfigError, String(error));
        assert(error.message.includes(path), error.message);
        const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
        if (isObject)
          assert(
            Object.keys(json).some((key) => error.message.includes(key)),
            error.message,
          );
      }
    }),
    { numRuns: 200 },
  );
});

function isFrozen(value: unknown): boolean {
  return (
    Object.isFrozen(value) && (typeof value !== "object" || value === null || Object.values(value).every(isFrozen))
  );
}
