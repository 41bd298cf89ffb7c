/**
 * Tries bots that compute, with the packages that people use, under the real server on the simulator.
 *
 *   npm run test:cpu-bots                 all, and the types of all
 *   npm run test:cpu-bots -- image llm    some
 *
 * A bot with packages has a package.json of its own; they are installed when they are missing. Where that is not
 * possible, the tests of that bot fail with the reason. To change its lockfile: npm install --ignore-scripts, there.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { install } from "../../scripts/install.ts";
import { FAILED, type Person, Trial } from "./trial.ts";

interface Bot {
  /** Its folder in bots/. */
  name: string;
  /** Messages that ask for a job of a moment, and for one of a few seconds. */
  quick: string;
  long: string;
  answer: "text" | "photo" | "video" | "document";
}

const BOTS: readonly Bot[] = [
  { name: "image", quick: "1", long: "12", answer: "photo" },
  { name: "chart", quick: "10", long: "400", answer: "photo" },
  { name: "ocr", quick: "1", long: "120", answer: "text" },
  { name: "model", quick: "1", long: "4000", answer: "text" },
  { name: "chess", quick: "10", long: "2500", answer: "text" },
  { name: "video", quick: "1", long: "25", answer: "video" },
  { name: "database", quick: "1", long: "20", answer: "text" },
  { name: "code", quick: "1", long: "300", answer: "text" },
  { name: "pdf", quick: "2", long: "2500", answer: "document" },
  { name: "llm", quick: "3", long: "30", answer: "text" },
];

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(import.meta.dirname, "bots");
/** Time for which a long job has run before something happens to it: ms. */
const INTO_THE_JOB = 300;

const names = process.argv.slice(2);
const unknown = names.find((name) => !BOTS.some((bot) => bot.name === name));
if (unknown !== undefined) {
  console.error(`no bot "${unknown}"; there are ${BOTS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
linkPackage();
for (const bot of BOTS) if (names.length === 0 || names.includes(bot.name)) tryBot(bot);
if (names.length === 0) test("the types of all bots are right", checkTypes);

function tryBot({ name, quick, long, answer }: Bot): void {
  const folder = join(FOLDER, name);
  const start = () => Trial.start(folder);
  const doesJob = async (person: Person) => {
    await person.ask(quick);
    assert.equal(await person.working(), 1);
    assert.ok(answer in (await person.answer()));
  };
  const isInLongJob = async (person: Person) => {
    await person.ask(long);
    assert.equal(await person.working(), 1);
    await delay(INTO_THE_JOB);
  };

  describe(name, () => {
    before(() => {
      if (existsSync(join(folder, "package.json"))) install(folder);
    });

    test(`${name} does a job`, async () => {
      await using trial = await start();
      await doesJob(trial.ann);
      await trial.stop();
    });

    test(`${name} hears /cancel while it works, and goes on`, async () => {
      await using trial = await start();
      await isInLongJob(trial.ann);
      await trial.ann.ask("/cancel");
      assert.equal((await trial.ann.next()).text, "Cancelled.");
      await doesJob(trial.ann);
      await trial.stop();
      assert.deepEqual(trial.logged(/dead letter|died/), []);
    });

    test(`${name} does its job again after kill -9`, async () => {
      await using trial = await start();
      await isInLongJob(trial.ann);
      await trial.kill();
      await trial.restart();
      assert.equal(await trial.ann.working(), 2);
      assert.ok(answer in (await trial.ann.answer()));
      await trial.stop();
      assert.equal(await trial.ann.heard(), 3, "nothing came twice");
    });

    test(`${name} tells its person of a crash in mid-job, and goes on`, async () => {
      await using trial = await start();
      const { ann, ben } = trial;
      await isInLongJob(ann);
      await ben.ask(quick);
      assert.equal(await ben.working(), 1);
      trial.crash();
      assert.equal((await ann.next()).text, FAILED);
      assert.ok(answer in (await ben.answer()));
      await doesJob(ann);
      await trial.stop();
      assert.deepEqual([await ann.heard(), await ben.heard()], [4, 2], "nothing came twice");
    });

    test(`${name} does its job again when its worker dies`, async () => {
      await using trial = await start();
      const { ann, ben } = trial;
      await isInLongJob(ann);
      trial.crashWorkers();
      await trial.logs(/^a worker died/);
      await ben.ask("/cancel");
      assert.equal((await ben.next()).text, "Cancelled.");
      assert.equal(await ann.working(), 2);
      assert.ok(answer in (await ann.answer()));
      await doesJob(ann);
      await trial.stop();
      assert.deepEqual([await ann.heard(), await ben.heard()], [5, 1], "nothing came twice");
    });

    test(`${name} finishes or repeats its job when it is reloaded, and the new code goes on`, async () => {
      await using trial = await start();
      await isInLongJob(trial.ann);
      await trial.reload();
      assert.ok(answer in (await trial.ann.answer()));
      await doesJob(trial.ann);
      await trial.stop();
      assert.deepEqual(trial.logged(/dead letter|died/), []);
    });
  });
}

function checkTypes(): void {
  execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", FOLDER], {
    stdio: "inherit",
  });
}

/** Bots with a package.json of their own find this package as an installed one. */
function linkPackage(): void {
  const link = join(FOLDER, "node_modules/asgigram");
  rmSync(link, { force: true });
  mkdirSync(join(FOLDER, "node_modules"), { recursive: true });
  symlinkSync(ROOT, link, "junction");
}
