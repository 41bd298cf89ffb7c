/**
 * A bot's program never lives twice. With more reloads, and another seed:
 * SEED=7 RELOADS=100 node --test test/end-to-end/one-life.test.ts
 */

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import type { Options } from "../../src/index.ts";
import { eventually } from "../eventually.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { freePort } from "../network/free-port.ts";
import { BotHere, nextText, until } from "./bot.ts";
import { ask } from "./program.ts";
import { startServer } from "./server.ts";

const SEED = Number(process.env.SEED ?? 1);
const RELOADS = Number(process.env.RELOADS ?? 4);
/** RELOADS may take longer than the runner's limit for a test. */
const OPTIONS = { timeout: 60_000 + RELOADS * 10_000 };

/** The program, and what its lives have noted. */
class Lives implements Disposable {
  readonly folder = new Folder();
  readonly env: { LIVES: string; PORT: string; BOT_TOKEN: string };

  private constructor(port: number, token: string) {
    this.env = { LIVES: this.folder.path, PORT: `${port}`, BOT_TOKEN: token };
  }

  static async of(simulator: Simulator): Promise<Lives> {
    return new Lives(await freePort(), simulator.token);
  }

  /** Starts a server in this process. */
  async serve(simulator: Simulator, options: Options = {}) {
    Object.assign(process.env, this.env);
    const application = join(import.meta.dirname, "programs/one-life.ts");
    return await startServer("", simulator, { application, ...options });
  }

  /** Deeds of the lives in their order: id and deed. */
  get deeds(): [life: string, deed: string][] {
    const lines = readFileSync(this.folder.join("lives"), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
  }

  /** Deeds of each life but for ticks, in order. @throws if two lives overlap */
  get each(): string[][] {
    const lives = new Map<string, string[]>();
    let last = "";
    for (const [life, deed] of this.deeds) {
      assert.ok(life === last || !lives.has(life), `${life} ${deed}, after the beginning of ${last}; seed ${SEED}`);
      last = life;
      const deeds = lives.get(life) ?? [];
      lives.set(life, deeds);
      if (deed !== "ticks") deeds.push(deed);
    }
    return [...lives.values()];
  }

  [Symbol.dispose](): void {
    for (const name of Object.keys(this.env)) delete process.env[name];
    this.folder[Symbol.dispose]();
  }
}

const ENDS_WELL = ["begins", "SIGTERM", "start() is over", "last call is made", "ends"];

describe("a program that listens on a port and has a timer", () => {
  test("never lives twice: reloads and deaths under load", OPTIONS, async (t) => {
    const random = new Random(SEED);
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    let deaths = 0;
    {
      await using server = await lives.serve(simulator);
      const people = await Promise.all(["ann", "bob", "cy"].map((name) => simulator.user(name)));
      const sent = people.map(() => 0);
      const talk = async () => {
        for (const [i, person] of people.entries()) await person.sendText(`${++sent[i]!}`);
      };
      for (let reload = 0; reload < RELOADS; reload++) {
        await talk();
        if (reload === 0 || random.chance(0.5)) {
          deaths += 1;
          await people[0]!.sendText("/die");
        }
        await Promise.all(Array.from({ length: random.pick([1, 1, 2]) }, () => server.reload()));
        await talk();
      }
      const heard = (person: (typeof people)[number]) =>
        simulator.calls
          .filter(({ method, parameters }) => method === "sendMessage" && parameters.chat_id === person.id)
          .map(({ parameters }) => Number(parameters.text));
      await until(simulator, () => people.every((person, i) => heard(person).includes(sent[i]!)));
      for (const [i, person] of people.entries()) {
        const all = heard(person).filter((number, at, numbers) => number !== numbers[at - 1]);
        assert.deepEqual(
          all,
          Array.from({ length: sent[i]! }, (_, at) => at + 1),
          `seed ${SEED}`,
        );
      }
      await server.idle();
    }
    const each = lives.each;
    t.diagnostic(`seed ${SEED}: ${each.length} lives, ${deaths} deadly messages`);
    assert.ok(deaths > 0, "no deadly message was sent");
    assert.ok(each.length > RELOADS, `${each.length} lives`);
    assert.deepEqual(each.at(-1), ENDS_WELL);
  });

  test("is told to end, and ends before its successor begins; a sloppy one is not waited for for long", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    // The whole of it is longer than this test may take.
    await using server = await lives.serve(simulator, { shutdownTimeout: 600 });
    await server.reload();
    lives.folder.write("sloppy", "");
    await server.reload();
    const [first, second, third] = lives.each;
    assert.deepEqual(first, ENDS_WELL);
    assert.deepEqual(second, ENDS_WELL.slice(0, -1));
    assert.deepEqual(third, ["begins"]);
  });

  test("is down while its code does not start: messages wait, /readyz and the log say so, and a reload tries again", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    await using server = await lives.serve(simulator, { listen: "127.0.0.1:0" });
    const ready = async () => (await fetch(`${server.statusUrl}/readyz`)).text();
    const ann = await simulator.user("ann");
    lives.folder.write("broken", "");
    await assert.rejects(server.reload(), /the code is broken/);
    const text = await ready();
    assert.match(text, /worker 0 is not up/);
    assert.match(text, /the last reload failed: .*the code is broken/);
    await ann.sendText("hello");
    rmSync(lives.folder.join("broken"));
    await server.reload();
    assert.equal(await nextText(ann), "hello");
    assert.doesNotMatch(await ready(), /reload|not up/);
    const each = lives.each;
    assert.deepEqual(each[0], ENDS_WELL);
    assert.deepEqual(each.at(-1), ["begins"]);
    assert.deepEqual([...new Set(each.slice(1).map(([deed]) => deed))], ["begins"]);
  });

  test("that is down comes up by itself once its code starts", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    await using server = await lives.serve(simulator, { listen: "127.0.0.1:0" });
    lives.folder.write("broken", "");
    await assert.rejects(server.reload());
    rmSync(lives.folder.join("broken"));
    const ann = await simulator.user("ann");
    await ann.sendText("hello");
    assert.equal(await nextText(ann), "hello");
    assert.doesNotMatch(await (await fetch(`${server.statusUrl}/readyz`)).text(), /reload|not up/);
    lives.each;
  });

  test("that is killed as it stalls is replaced when its thread has ended, and its suspect is tried alone there", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    await using server = await lives.serve(simulator, { stallTimeout: 2, maxAttempts: 1 });
    const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
    await ann.sendText("/block");
    await ann.sendText("after");
    await bob.sendText("hello");
    assert.deepEqual([await nextText(ann), await nextText(bob)], ["after", "hello"]);
    await server.idle();
    assert.ok(lives.each.length >= 2, "a program has no quarantine: another life follows the death");
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`gets ${signal} at a stop, and what follows its start() runs`, async () => {
      await using simulator = await Simulator.start();
      using lives = await Lives.of(simulator);
      await using bot = new BotHere("programs/one-life.ts", simulator, ["--no-inbox"], {
        env: { ...lives.env, ASGIGRAM_TOKEN: "" },
      });
      const serving = await bot.logged(({ msg }) => msg === "serving");
      assert.equal(serving.workers, 1);
      const ann = await simulator.user("ann");
      await ann.sendText("/instance");
      assert.equal(await nextText(ann), "instance 0");
      const exit = bot.process.exit();
      bot.process.signal(signal);
      assert.equal((await exit).code, 0);
      assert.deepEqual(lives.each, [ENDS_WELL.with(1, signal)]);
      assert.deepEqual(
        bot.log.filter(({ level }) => level !== "info"),
        [],
      );
    });
  }

  test("gets SIGTERM at a stop before it has started its bot", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    lives.folder.write("lives", "");
    lives.folder.write("slow", "");
    await using bot = new BotHere("programs/one-life.ts", simulator, ["--no-inbox"], {
      env: { ...lives.env, ASGIGRAM_TOKEN: "" },
    });
    await eventually(
      () => lives.each[0]?.includes("waits"),
      () => lives.deeds,
    );
    const exit = bot.process.exit();
    bot.process.signal("SIGTERM");
    assert.equal((await exit).code, 0);
    assert.deepEqual(lives.each, [["begins", "waits", "SIGTERM"]]);
    assert.deepEqual(
      bot.log.filter(({ level }) => level !== "info"),
      [],
    );
  });

  test("in two workers that listen on one port does not start, and the log has named the port", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    const env = { ...lives.env, ASGIGRAM_TOKEN: "" };
    await using bot = new BotHere("programs/one-life.ts", simulator, ["--no-inbox", "--workers", "2"], { env });
    assert.equal((await bot.process.exit()).code, 3);
    const [hazard, , crash] = bot.log.filter(({ level }) => level !== "info");
    assert.match(hazard?.msg ?? "", /^each of the 2 workers listens on port \d+ \(programs\/one-life\.ts:\d+\)$/);
    assert.match(crash?.error ?? "", /EADDRINUSE/);
  });

  test("in two workers has its number, and the log names what each of them does", async () => {
    await using simulator = await Simulator.start();
    using lives = await Lives.of(simulator);
    await using bot = new BotHere("programs/one-life.ts", simulator, ["--no-inbox", "--workers", "2"], {
      env: { ...lives.env, PORT: "0", ASGIGRAM_TOKEN: "" },
    });
    await bot.logged(({ msg }) => msg === "serving");
    const hazards = bot.log.filter(({ msg }) => msg.startsWith("each of the 2 workers "));
    assert.deepEqual(
      hazards.map(({ msg }) => msg.replace(/\d+\)/, "N)")),
      [
        "each of the 2 workers listens on port 0 (programs/one-life.ts:N)",
        "each of the 2 workers calls setInterval() (programs/one-life.ts:N)",
      ],
    );
    await eventually(
      () => new Set(lives.deeds.map(([life]) => life)).size === 2,
      () => "two lives",
    );
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => simulator.user(`user ${i}`)));
    const numbers = await Promise.all(people.map((person) => ask(person, "/instance")));
    assert.deepEqual([...new Set(numbers)].toSorted(), ["instance 0", "instance 1"]);
    assert.equal((await bot.end()).code, 0);
  });
});
