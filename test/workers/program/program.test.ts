/** A program's launch, with clocks that stand. The end-to-end tests have programs. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Calls } from "../../../workers/calls.ts";
import { Program } from "../../../workers/program/program.ts";
import { fakeBot } from "./fake-library.ts";

const CALLS: Pick<Calls, "make"> = { make: async () => undefined };

function program(t: TestContext, anyToken = false): Program {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const made = new Program({ id: 48 }, CALLS, anyToken);
  t.after(() => made.leave());
  return made;
}

describe("a program", () => {
  test("that starts no bot is refused after 30 s", async (t) => {
    const launch = program(t).launch("bot.ts", [{}, undefined, 1]);
    const refused = assert.rejects(launch, {
      name: "ApplicationLoadError",
      message: /^bot\.ts has no application and started no bot within 30 s: start the bot in it, or export it/,
    });
    t.mock.timers.tick(30_000);
    await refused;
  });

  test("that starts a bot without a token is refused, with the reason", async (t) => {
    const launch = program(t).launch("bot.ts", []);
    const bot = fakeBot({});
    bot.token = undefined;
    bot.use();
    bot.start();
    await assert.rejects(launch, {
      name: "ApplicationLoadError",
      message: "it starts a bot without a token: the variable in which its code looks for the token is not set",
    });
  });

  test("may have any token in the simulator, but starts one bot there, too", async (t) => {
    const made = program(t, true);
    const [one, other] = [fakeBot({}), fakeBot({})];
    one.token = "77:none";
    other.token = "88:none";
    const launch = made.launch("bot.ts", []);
    for (const bot of [one, other]) {
      bot.use();
      bot.start();
    }
    await assert.rejects(launch, { message: "it starts 2 bots (ids 77, 88): asgigram serves one" });
    assert.deepEqual(
      [one, other].map((bot) => made.exported(bot) !== undefined),
      [true, false],
    );
  });

  for (const when of ["before", "after"]) {
    test(`that sets its webhook before its bot has a handler is launched with its handlers; they come ${when} its import ends`, async (t) => {
      const made = program(t);
      const bot = fakeBot({});
      const url = "https://api.telegram.org/bot48:none/setWebhook";
      const body = new URLSearchParams({ url: "https://bot.example/", allowed_updates: '["message"]' });
      assert.equal((await fetch(url, { method: "POST", body })).status, 200);
      if (when === "before") bot.use();
      assert.equal(made.facts, undefined);
      const launch = made.launch("bot.ts", []);
      if (when === "after") {
        bot.use();
        assert.equal(made.facts, undefined);
        bot.use();
        t.mock.timers.tick(1);
      }
      await launch;
      assert.deepEqual([made.facts!.started, made.facts!.updates], ["setWebhook()", ["message"]]);
    });
  }

  test("that sets its webhook before its bot has a handler, and whose import never ends, is launched 5 s after that", async (t) => {
    const made = program(t);
    const bot = fakeBot({});
    await fetch("https://api.telegram.org/bot48:none/setWebhook?url=https://bot.example/");
    bot.use();
    t.mock.timers.tick(4999);
    assert.equal(made.facts, undefined);
    t.mock.timers.tick(1);
    await made.launched;
  });

  test("is no program before its launch, and its exports are no bots", (t) => {
    const made = program(t);
    assert.equal(made.facts, undefined);
    for (const value of [undefined, null, "bot", {}, () => {}]) assert.equal(made.exported(value), undefined);
  });

  test("that exports a bot and has not started it after 5 s is served as it is", async (t) => {
    const made = program(t);
    const bot = fakeBot({});
    bot.use();
    const launch = made.launch("bot.ts", [undefined, { bot }, bot]);
    t.mock.timers.tick(4999);
    assert.equal(made.facts, undefined);
    t.mock.timers.tick(1);
    assert.equal(await launch, await made.exported(bot));
    assert.deepEqual(made.facts, {
      library: "grammY 1.46.0",
      untested: [],
      started: "export",
      updates: [],
      dropsPending: false,
    });
  });

  test("tells each library in a version that was not tested, that of a plugin, too", async (t) => {
    const made = program(t);
    const bot = fakeBot({ version: "9.0.0" });
    fakeBot({ folder: "@grammyjs/runner", name: "@grammyjs/runner", version: "7.0.0" });
    bot.use();
    await made.exported(bot);
    assert.deepEqual(made.facts?.untested, ["grammY 9.0.0", "grammY runner 7.0.0"]);
  });
});
