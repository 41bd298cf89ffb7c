import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../cli/asgigram.ts";
import { runHere } from "../cli/in-process.ts";

const FROM_SOURCE = new URL("../from-source.ts", import.meta.url).href;
const FOLDER = join(import.meta.dirname, "../../examples");

/** Messages to each example, and its answers. */
const TALKS: Record<string, { said: string; heard: RegExp }> = {
  "echo.ts": { said: "hello\n", heard: /^Bot: hello$/m },
  "gzip.ts": {
    said: "hi\n/file echo.ts\n",
    heard: /Send me a file\..*echo\.ts\.gz.*SHA-256 of echo\.ts: [0-9a-f]{64}/s,
  },
  "grammy/bot.ts": {
    said: "/start\n10\n90\n",
    heard: /Send me a whole number\..*Prime 1 of yours is 11\..*Prime 2 of yours is 97\./s,
  },
  "heavy.ts": { said: "ten\n90\n", heard: /Send me a whole number\..*The next prime is 97\./s },
  "model.ts": {
    said: "The night is dark and the moon is red\nMein Hund ist müde und schläft\nJe suis dans la maison\n",
    heard: /That is English\..*That is German\..*That is French\./s,
  },
  "quiz.ts": { said: "hi\nAnn\n/1\n", heard: /What is your name\?.*Ann, do you like tea\?.*Ann likes tea\./s },
  "telegraf/bot.ts": {
    said: "/start\n/order\ntea\n",
    heard: /\/order takes your order\..*What do you drink\?.*One tea for /s,
  },
};

/** Files that go with a bot and are none. */
const COMPANIONS = ["opentelemetry.ts"];

test("there is a talk for every example", () => {
  const files = globSync("{*.ts,{grammy,telegraf}/bot.ts}", { cwd: FOLDER });
  assert.deepEqual(files.toSorted(), [...Object.keys(TALKS), ...COMPANIONS].toSorted());
});

/**
 * Applications that run in this process: they run no code of the package, which would be that of dist/ here, read no variables, and open no
 * files.
 */
const HERE = ["echo.ts", "heavy.ts", "quiz.ts"];

for (const [name, { said, heard }] of Object.entries(TALKS)) {
  test(`${name} answers in a simulated chat`, async () => {
    const isHere = HERE.includes(name);
    const options = { cwd: FOLDER, stdin: said };
    const { code, stdout, stderr } = isHere
      ? await runHere(["simulate", name], options)
      : await run(["simulate", name], { ...options, node: ["--import", FROM_SOURCE] });
    if (isHere) assert.doesNotMatch(readFileSync(join(FOLDER, name), "utf8"), /^import (?!type\b).* from "asgigram/m);
    assert.match(stdout, heard);
    assert.equal(code, 0, stderr);
  });
}

/** A span as the console exporter prints it. */
const SPAN =
  /traceId: '(?<trace>\w+)'.*?parentSpanContext: (?:undefined|\{.*?spanId: '(?<parent>\w+)').*?name: '(?<name>\w+)'.*?id: '(?<id>\w+)'.*?status: \{ code: (?<status>\d)/gs;

test("opentelemetry.ts traces an update, its delivery and the calls that it leads to", async () => {
  const options = { cwd: FOLDER, stdin: "ten\n", node: ["--import", FROM_SOURCE, "--import", "./opentelemetry.ts"] };
  const { code, stdout, stderr } = await run(["simulate", "heavy.ts"], options);
  assert.equal(code, 0, stderr);
  const spans = [...stdout.matchAll(SPAN)].map(({ groups }) => groups!);
  const [send, delivery, update] = ["sendMessage", "delivery", "message"].map((name) =>
    spans.findLast((span) => span.name === name),
  );
  assert.equal(send!.parent, delivery!.id);
  assert.equal(delivery!.parent, update!.id);
  assert.equal(update!.parent, undefined);
  assert.equal(new Set([send, delivery, update].map((span) => span!.trace)).size, 1);
});
