/** Expectations of tests, in-process and over HTTP: they wait for the bot, and say what came instead. */

import assert, { AssertionError } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type ClientSide, Simulator, SimulatorClient } from "../../../simulator/index.ts";
import { arrived, type Caller, callerOf } from "../caller.ts";

interface Setting {
  side: ClientSide;
  call: Caller;
}

/** Runs a test twice: with the client side in-process and over HTTP. */
function testBoth(name: string, run: (setting: Setting) => Promise<void>): void {
  for (const where of ["in-process", "over HTTP"]) {
    test(`${name} (${where})`, async () => {
      await using simulator = await Simulator.start();
      const side = where === "in-process" ? simulator : new SimulatorClient(simulator.url);
      await run({ side, call: callerOf(simulator) });
    });
  }
}

/** The message of the AssertionError by which the expectation fails. */
async function failureOf(expectation: Promise<unknown>): Promise<string> {
  try {
    await expectation;
  } catch (error) {
    assert.ok(error instanceof AssertionError, String(error));
    return error.message;
  }
  assert.fail("the expectation is met");
}

testBoth("a message is expected by text, by a regular expression, and by its parts", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("/start");
  const chat_id = ann.id;
  const inline_keyboard = [[{ text: "Yes", callback_data: "y" }], [{ text: "No", callback_data: "n" }]];
  const question = { chat_id, text: "<b>Well</b>?", parse_mode: "HTML", reply_markup: { inline_keyboard } };
  for (const expected of [
    "Well?",
    /^well/i,
    { text: "Well?", buttons: [["Yes"], ["No"]] },
    { buttons: ["Yes", /^N/], entities: [{ type: "bold" as const, offset: 0 }] },
    { entities: true, photo: false, from: { is_bot: true } },
  ]) {
    const { result } = await call("sendMessage", question);
    assert.deepEqual(await ann.receives(expected), result);
  }
  await call("sendMessage", { chat_id, text: "x", reply_markup: { keyboard: [["One", "Two"]] } });
  await ann.receives({ buttons: ["One", "Two"] });
  await call("sendMessage", { chat_id, text: "x" });
  await ann.receives({ buttons: false });
});

testBoth("another message fails at once, with the difference", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("/start");
  await call("sendMessage", { chat_id: ann.id, text: "Hello, Bob!" });
  const [reason, ...lines] = (await failureOf(ann.receives("Hello, Ann!"))).split("\n");
  assert.equal(reason, "the message for Ann is not the expected one");
  assert.ok(lines.includes("+ 'Hello, Bob!'") && lines.includes("- 'Hello, Ann!'"), lines.join("\n"));

  await call("sendMessage", { chat_id: ann.id, text: "Well?" });
  const parts = await failureOf(ann.receives({ text: /^Well/, buttons: ["Yes"], photo: true }));
  // What matches is no difference, and what the test does not name is not shown.
  assert.match(parts, /text: \/\^Well\//);
  assert.match(parts, /- {3}buttons: \[\n- {5}'Yes'\n- {3}\]/);
  assert.doesNotMatch(parts, /message_id/);
});

testBoth("a missing message is explained by the calls since the last action of a user", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("/start");
  await call("sendMessage", { chat_id: ann.id, text: "before" });
  await ann.receives("before");
  await ann.sendText("/bold");
  await call("sendMessage", { chat_id: String(ann.id), text: "<b>Hi", parse_mode: "HTML" });
  await call("sendChatAction", { chat_id: ann.id, action: "typing" });
  const text = await failureOf(ann.receives("Hi", { timeout: 20 }));
  const lines = text.split("\n");
  assert.equal(lines[0], "no message for Ann within 20 ms");
  assert.match(
    lines[1]!,
    /^no bot has asked for updates: it must use the URL http:\/\/127\.0\.0\.1:\d+ and the simulator's token$/,
  );
  assert.equal(lines[2], "since the last action of a user, the bot called");
  assert.equal(lines[3], `  sendMessage { chat_id: ${ann.id}, text: '<b>Hi', parse_mode: 'HTML' }`);
  assert.match(lines[4]!, /^ {4}400 Bad Request: can't parse entities: /);
  assert.equal(lines[5], `  sendChatAction { chat_id: ${ann.id}, action: 'typing' }`);
  assert.equal(lines.length, 6);
});

testBoth(
  "updates that are not confirmed, and kinds that the bot does not want, explain a failure",
  async ({ side, call }) => {
    const ann = await side.user("Ann");
    await call("getUpdates");
    const message = await ann.sendText("hi");
    await ann.react(message, "🔥");
    const text = await failureOf(ann.receives(undefined, { timeout: 20 }));
    assert.match(text, /the bot called nothing\nthe bot has not confirmed an update\n/);
    assert.match(text, /the bot's allowed_updates do not have message_reaction$/);
  },
);

testBoth("an edit is expected, and received() has the messages as they are now", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("hi");
  await assert.rejects(ann.last(), /there is no message for Ann/);
  const { result } = await call("sendMessage", { chat_id: ann.id, text: "one" });
  await call("editMessageText", { chat_id: ann.id, message_id: result.message_id, text: "two" });
  const edit = await ann.seesEdit("two");
  assert.deepEqual(await ann.received(), [edit]);
  assert.deepEqual(await ann.last(), edit);
  const news = await side.channel("News");
  await ann.sendText("a post", { chat: news });
  const post = await call("sendMessage", { chat_id: news.id, text: "the bot's" });
  assert.deepEqual(await news.received(), [post.result]);
});

testBoth("a pressed button's answer is expected by its text or its parts", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("hi");
  await call("sendMessage", {
    chat_id: ann.id,
    text: "Well?",
    reply_markup: { inline_keyboard: [[{ text: "Yes", callback_data: "y" }]] },
  });
  const answer = async (parameters: object) => {
    const press = await ann.press("Yes");
    await call("answerCallbackQuery", { callback_query_id: press.callback_query_id, ...parameters });
    return press;
  };
  await (await answer({ text: "Noted" })).answered("Noted");
  await (await answer({ text: "Noted", show_alert: true })).answered({ text: /not/i, show_alert: true });
  await (await answer({})).answered({ text: false });
  assert.match(
    await failureOf((await answer({})).answered("Noted")),
    /^the answer to the pressed button is not the expected one/,
  );
});

testBoth("nothing is received once the bot has confirmed all, waits, and has no call open", async ({ side, call }) => {
  const ann = await side.user("Ann");
  const idle = side.idle();
  const hangUp = new AbortController();
  const poll = (offset: number) => call("getUpdates", { offset, timeout: 50 }, hangUp.signal).catch(() => undefined);
  const polling = poll(0);
  await idle;
  await ann.sendText("hi");
  const update = (await polling)!.result[0].update_id;
  const early = await failureOf(ann.receivesNothing({ timeout: 20 }));
  assert.match(early, /^the bot is not idle after 20 ms: it has not confirmed an update/);
  const nothing = ann.receivesNothing();
  void poll(update + 1);
  await nothing;
  await call("sendMessage", { chat_id: ann.id, text: "surprise" });
  assert.match(
    await failureOf(ann.receivesNothing()),
    /^there is a message for Ann, where none was expected\n[\s\S]*surprise/,
  );
  await ann.receives("surprise");
  await ann.receivesNothing();
  hangUp.abort();
});

testBoth("a call is expected by its method and parts of its parameters, and has its result", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("hi");
  await call("SendChatAction", { chat_id: String(ann.id), action: "typing" });
  const { result } = await side.called("sendChatAction", { chat_id: ann.id });
  assert.equal(result, true);
  const next = failureOf(side.called("sendChatAction", { action: "upload_photo" }));
  await call("sendChatAction", { chat_id: ann.id, action: "typing" });
  assert.match(await next, /^the call of sendChatAction is not the expected one\n[\s\S]*\+ {3}action: 'typing'/);
  assert.match(
    await failureOf(side.called("banChatMember", true, { timeout: 20 })),
    /^no call of banChatMember within 20 ms/,
  );
});

testBoth("calls come in the order of their beginnings, whichever is answered first", async ({ side, call }) => {
  const ann = await side.user("Ann");
  await ann.sendText("hi");
  await side.fail("sendMessage", { delay: 100, times: 1 });
  const first = call("sendMessage", { chat_id: ann.id, text: "A" });
  while ((await side.callsOf("sendMessage")).length === 0) await setImmediate();
  await call("sendMessage", { chat_id: ann.id, text: "B" });
  const [a, b] = [await side.called("sendMessage", { text: "A" }), await side.called("sendMessage", { text: "B" })];
  assert.deepEqual([a.result, a.status, b.status], [(await first).result, 200, 200]);
});

test("the log has values, results and errors, however a call is encoded", async () => {
  await using simulator = await Simulator.start();
  const ann = await simulator.user("Ann");
  await ann.sendText("hi");
  const form = new FormData();
  form.set("chat_id", String(ann.id));
  form.set("disable_notification", "true");
  form.set("reply_parameters", '{"message_id":1}');
  form.set("media", JSON.stringify([{ type: "photo", media: "attach://one" }]));
  form.set("one", new File(["abc"], "a.png", { type: "image/png" }));
  await fetch(`${simulator.url}/bot${simulator.token}/sendMediaGroup`, { method: "POST", body: form });
  const { parameters, error, status } = simulator.calls[0]!;
  assert.deepEqual(parameters, {
    chat_id: ann.id,
    disable_notification: true,
    reply_parameters: { message_id: 1 },
    media: [{ type: "photo", media: { name: "a.png", type: "image/png", size: 3 } }],
  });
  assert.ok(error === undefined || status === 400);
  const call = callerOf(simulator);
  await call("sendMessage", { chat_id: 404, text: "5", reply_markup: "{" });
  const refused = simulator.calls[1]!;
  assert.deepEqual(refused.parameters, { chat_id: 404, text: "5", reply_markup: "{" });
  assert.equal(refused.status, 400);
  const waiting = call("getUpdates", { timeout: "50", offset: 100_000_002 }).catch(() => {});
  await arrived(simulator);
  assert.deepEqual(Object.keys(simulator.calls[2]!), ["method", "parameters", "time"]);
  await simulator.close();
  await waiting;
});
