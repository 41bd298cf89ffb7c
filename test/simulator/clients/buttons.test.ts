/** Buttons of reply keyboards: https://core.telegram.org/bots/api#keyboardbutton */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { callerOf, verdict } from "../caller.ts";
import { receiver } from "../received.ts";

test("a button that lets the user choose, or opens a web app, sends no text: the refusal says what to send", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const received = receiver(call);
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  await received();
  const buttons: [fields: object, instead: string][] = [
    [{ request_users: { request_id: 7 } }, "send({ users_shared: { request_id: 7, users: [{ user_id }] } })"],
    [{ request_chat: { request_id: 8, chat_is_channel: true } }, "send({ chat_shared: { request_id: 8, chat_id } })"],
    [{ request_managed_bot: { request_id: 9 } }, "send({ managed_bot_created: { bot } })"],
    [{ request_poll: {} }, "send({ poll })"],
    [{ web_app: { url: "https://example.org" } }, 'send({ web_app_data: { button_text: "4", data } })'],
  ];
  const keyboard = [buttons.map(([fields], at) => ({ text: String(at), ...fields }))];
  const sent = await call("sendMessage", { chat_id: ann.id, text: "Choose", reply_markup: { keyboard } });
  assert.equal(verdict(sent), "ok");
  for (const [at, [, instead]] of buttons.entries()) {
    const message = `the button "${at}" sends no text: ${instead} sends what the user chooses`;
    await assert.rejects(ann.press(String(at)), { name: "ActionError", message });
  }
  const users_shared = { request_id: 7, users: [{ user_id: 5 }] };
  await ann.send({ users_shared });
  const updates = await received();
  assert.deepEqual(
    updates.map(({ message }) => [message?.text, message?.users_shared]),
    [[undefined, users_shared]],
  );
});
