/** Keyboards. The texts are those of telegram-bot-api's Client.cpp and tdlib's ReplyMarkup.cpp and LinkManager.cpp; constants are from the field. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "../refusals.ts";

async function keyboards() {
  const { refused, ...rest } = await furnished();
  const send = (reply_markup: unknown, more: object = {}) =>
    refused("sendMessage", { text: "x", reply_markup, ...more });
  return {
    ...rest,
    refused,
    send,
    inline: (button: unknown, more?: object) => send({ inline_keyboard: [[button]] }, more),
    reply: (button: unknown, more?: object) => send({ keyboard: [[button]] }, more),
  };
}

test("the shape of a keyboard (Client::get_reply_markup)", async () => {
  const { simulator, send, inline, reply } = await keyboards();
  await using _ = simulator;
  assert.equal(await send([1]), "object expected as reply markup");
  assert.equal(await send({ inline_keyboard: 1 }), 'field "inline_keyboard" must be of type Array');
  assert.equal(
    await send({ inline_keyboard: [{ text: "x" }] }),
    'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
  );
  assert.equal(await send({ keyboard: ["x"] }), 'field "keyboard" must be an Array of Arrays');
  assert.equal(await inline("x"), "can't parse inline keyboard button: InlineKeyboardButton must be an Object");
  assert.equal(await reply(1), "can't parse keyboard button: KeyboardButton must be a String or an Object");
  assert.equal(await send({ inline_keyboard: null }), 'field "inline_keyboard" must be of type Array');
  for (const field of ["text", "url", "callback_data", "style"]) {
    assert.equal(
      await inline({ text: "x", callback_data: "x", [field]: null }),
      `can't parse inline keyboard button: Field "${field}" must be of type String`,
    );
  }
  assert.equal(await inline({}), `can't parse inline keyboard button: Can't find field "text"`);
  assert.equal(await reply({}), `can't parse keyboard button: Can't find field "text"`);
  assert.equal(
    await inline({ text: "x", callback_data: "" }),
    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  );
  const style = { text: "x", callback_data: "x", style: "rainbow" };
  assert.equal(await inline(style), "can't parse inline keyboard button: invalid button style specified");
  assert.equal(await reply(style), "can't parse keyboard button: invalid button style specified");
  assert.equal(await inline({ ...style, style: "danger" }), "ok");
});

test("a button without a text is left out, and so is what is beyond 12 in a row (ReplyMarkup.cpp)", async () => {
  const { simulator, call, chats } = await keyboards();
  await using _ = simulator;
  const send = async (inline_keyboard: unknown) =>
    (await call("sendMessage", { chat_id: chats.private, text: "x", reply_markup: { inline_keyboard } })).result
      .reply_markup;
  const button = { text: "x", callback_data: "x" };
  assert.deepEqual(await send([[{ ...button, text: "" }, button], [], [{ ...button, text: "" }]]), {
    inline_keyboard: [[button]],
  });
  assert.equal(await send([[{ ...button, text: "" }]]), undefined);
  assert.equal((await send([Array(14).fill(button)])).inline_keyboard[0].length, 12);
});

test("the number of buttons (field: 100 under a message, 300 on a reply keyboard)", async () => {
  const { simulator, send } = await keyboards();
  await using _ = simulator;
  const rows = (count: number, button: unknown) => Array.from({ length: count }, () => [button]);
  const button = { text: "x", callback_data: "x" };
  assert.equal(await send({ inline_keyboard: rows(100, button) }), "ok");
  assert.equal(await send({ inline_keyboard: rows(101, button) }), "reply markup is too long");
  assert.equal(await send({ keyboard: rows(300, "x") }), "ok");
});

test("links of buttons (LinkManager::check_link)", async () => {
  const { simulator, inline } = await keyboards();
  await using _ = simulator;
  const link = async (url: string) =>
    (await inline({ text: "x", url })).replace(`inline keyboard button URL '${url}' is invalid: `, "");
  for (const url of ["http://localhost:3000/x", "localhost"]) assert.equal(await link(url), "Wrong HTTP URL");
  assert.equal(await link("not a url"), "Disallowed character in URL host");
  assert.equal(await link("a:b@c<d@example.org"), "Disallowed character in URL userinfo");
  assert.equal(await link("a%2x.org"), "Wrong percent-encoded symbol in URL host");
  assert.equal(await link("ftp://example.org"), "Unsupported URL protocol");
  assert.equal(await link("https://"), "URL host is empty");
  assert.equal(await link("https://example.org:99999"), "Wrong port number specified in the URL");
  assert.equal(await link("https://[1.2]/"), "Wrong IPv6 address specified in the URL");
  assert.equal(await link("tg://a.b"), "Unallowed characters in URL host");
  assert.equal(await link("tg://me:80"), "Wrong tg URL");
  const good = [
    "example.org",
    "http://127.0.0.1:8080/x?y#z",
    "https://[::1]/",
    "tg://user?id=7",
    "tg:resolve?domain=x",
    "ton://x",
  ];
  for (const url of good) assert.equal(await link(url), "ok", url);
});

test("web apps: https, and under messages in private chats only (ReplyMarkup.cpp, field)", async () => {
  const { simulator, chats, inline, reply } = await keyboards();
  await using _ = simulator;
  const app = (url: string) => ({ text: "x", web_app: { url } });
  assert.equal(
    await inline(app("http://example.org")),
    "inline keyboard button Web App URL 'http://example.org' is invalid: Only HTTPS links are allowed",
  );
  assert.equal(
    await reply(app("http://example.org")),
    "keyboard button Web App URL 'http://example.org' is invalid: Only HTTPS links are allowed",
  );
  assert.equal(await inline({ text: "x", web_app: {} }), `can't parse inline keyboard button: Can't find field "url"`);
  for (const use of [inline, reply]) assert.equal(await use(app("https://example.org")), "ok");
  const there = { chat_id: chats.supergroup };
  assert.equal(await inline(app("https://example.org"), there), "BUTTON_TYPE_INVALID");
  assert.equal(await reply(app("https://example.org"), there), "web App buttons can be used in private chats only");
  assert.equal(
    await reply({ text: "x", request_contact: true }, there),
    "phone number can be requested in private chats only",
  );
  assert.equal(await reply({ text: "x", request_poll: {} }, there), "poll can be requested in private chats only");
});

test("data, copied text, and buttons that pay and play (field)", async () => {
  const { simulator, refused, inline } = await keyboards();
  await using _ = simulator;
  assert.equal(await inline({ text: "x", callback_data: "é".repeat(33) }), "BUTTON_DATA_INVALID");
  assert.equal(await inline({ text: "x", copy_text: { text: "" } }), "BUTTON_COPY_TEXT_INVALID");
  assert.equal(await inline({ text: "x", copy_text: { text: "x".repeat(256) } }), "ok");
  assert.equal(await inline({ text: "x", pay: true }), "BUTTON_TYPE_INVALID");
  assert.equal(await inline({ text: "x", callback_game: {} }), "BUTTON_TYPE_INVALID");
  const invoice = { title: "It", description: "d", payload: "p", currency: "XTR", prices: [{ label: "a", amount: 1 }] };
  const pay = { text: "Pay", pay: true };
  const other = { text: "x", callback_data: "x" };
  const markup = (row: unknown[]) => ({ ...invoice, reply_markup: { inline_keyboard: [row] } });
  assert.equal(await refused("sendInvoice", markup([pay, other])), "ok");
  assert.equal(await refused("sendInvoice", markup([other, pay])), "BUTTON_POS_INVALID");
});

test("channels and edits have inline keyboards only (ReplyMarkup.cpp)", async () => {
  const { simulator, call, chats, refused, reply, inline, send } = await keyboards();
  await using _ = simulator;
  const there = { chat_id: chats.channel };
  assert.equal(await reply("x", there), "inline keyboard expected");
  assert.equal(await send({ force_reply: true }, there), "inline keyboard expected");
  assert.equal(await send({ remove_keyboard: true }, there), "inline keyboard expected");
  assert.equal(await inline({ text: "x", callback_data: "x" }, there), "ok");
  assert.match(
    await inline({ text: "x", switch_inline_query: "" }, there),
    /^can't use switch_inline_query button in a channel chat/,
  );
  const { message_id } = (await call("sendMessage", { chat_id: chats.private, text: "x" })).result;
  const keyboard = { message_id, text: "y", reply_markup: { keyboard: [["x"]] } };
  assert.equal(await refused("editMessageText", keyboard), "inline keyboard expected");
});
